"""The endpoints of an execution's log: read it, wait for more of it, follow it."""

import re
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import kept_executions, serializers
from automation.api.log_stream import follow
from automation.api.queries import LogsQuery, StreamQuery
from automation.models import Execution, ExecutionLog
from automation.selectors import executions as selectors
from automation.selectors import live
from automation.selectors.versions import version_along
from opsmanager.accounts.along import asks_along
from opsmanager.accounts.api.again import caller_now
from opsmanager.accounts.requests import user_of
from opsmanager.common.api import event_stream
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.event_stream import AnyAccepted, EventStream
from opsmanager.common.api.places import places
from opsmanager.common.conditional import not_modified
from opsmanager.common.connections import give_back
from opsmanager.common.problems import Invalid

# No type: one answer is text, and each of its events an object, which generators can't tell.
_EVENT: Final = {"description": "Events: event is status, output, log or end, data are JSON."}
_EVENT_ID: Final = re.compile(r"([0-9]{1,9})(-end)?")


@asks_along(version_along)
class LogsView(APIView):
    """The log of an execution."""

    @endpoint(
        "listExecutionLogs",
        tag="executions",
        answers={200: serializers.LogsSerializer},
        query=LogsQuery,
        fails=(404,),
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Show the rows of the log in order; ``after`` is the last ``seq`` seen.

        A row with the status RUNNING grows: ask for it again until it has ended. ``wait`` keeps the
        answer back, for so many seconds at most, until the next row or the execution has ended.
        ``total`` counts all that the filters leave, whatever ``limit`` is.
        """
        # Who waits wants to know how it will be.
        key = None if "wait" in request.query_params else (pk, request.META.get("QUERY_STRING"))
        return kept_executions.shown(request, key, lambda: _made(request, pk))


class LogStreamView(APIView):
    """The log of an execution, as it grows."""

    content_negotiation_class = AnyAccepted

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "Last-Event-ID",
                str,
                OpenApiParameter.HEADER,
                description="The id of the last event that was received, to go on after it.",
            )
        ]
    )
    @endpoint(
        "streamExecutionLogs",
        tag="executions",
        answers={(200, event_stream.MEDIA_TYPE): _EVENT, 204: None},
        query=StreamQuery,
        fails=(404,),
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Follow an execution by server-sent events.

        ``status`` when it moves on, ``output`` while a command says something, ``log`` with each
        row once it has ended, in order, and ``end`` with the execution. 204 to a client that has
        seen the end.
        """
        execution = selectors.get(request.user, pk)
        after, has_seen_end = _last_seen(request)
        if has_seen_end and not execution.is_live and execution.last_seq <= after:
            return Response(status=204)
        if request.method == "HEAD":
            return HttpResponse(content_type=event_stream.MEDIA_TYPE)
        place = places.take(request.user.pk)
        user = user_of(request)
        chunks = follow(pk, user=user, after=after, ask_again=lambda: caller_now(request))
        return EventStream(chunks, place)


def _made(request: Request, pk: UUID) -> kept_executions.Made | HttpResponse:
    """Return the part of the log that is asked for, or that the client has it already."""
    execution = selectors.get(request.user, pk)
    asked = LogsQuery.of(request)
    wait, limit = asked["wait"], asked.get("limit")
    rows = LogsQuery.narrow(selectors.logs(execution, after=asked["after"]), asked)
    if wait and not _has_news(execution, rows):
        with places.held(request.user.pk):
            execution = _wait(request, execution, rows, seconds=wait)
    etag = _etag(request, execution)
    unchanged = not_modified(request._request, etag)  # noqa: SLF001 - Django's own request
    if unchanged is not None:
        return unchanged
    found = rows[:limit] if limit else _all(execution, asked, rows)
    shown = serializers.LogSerializer.json_of_each(found)
    total = rows.count() if limit and len(shown) == limit else len(shown)
    return {"logs": shown, "total": total}, {"ETag": etag}


def _all(
    execution: Execution, asked: Mapping[str, Any], rows: QuerySet[ExecutionLog]
) -> Iterable[ExecutionLog]:
    is_narrowed = any(name in asked for name in LogsQuery.filters)
    return rows if is_narrowed else selectors.all_logs(execution, after=asked["after"])


def _has_news(execution: Execution, rows: QuerySet[ExecutionLog]) -> bool:
    """Whether the next row has ended, or nothing more can come.

    One that ended behind another that runs is no news: who reads the log in order waits for that.
    """
    first = rows.only("seq", "status", "changes").first() if execution.is_live else None
    return not execution.is_live or (first is not None and not live.may_change(execution, first))


def _wait(
    request: Request, execution: Execution, rows: QuerySet[ExecutionLog], *, seconds: int
) -> Execution:
    """Return the execution once there is news of it, or the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        give_back()
        time.sleep(settings.LIVE_LOOK_SECONDS)
        if live.revision(execution.pk) == execution.revision:
            continue
        execution = selectors.get(request.user, execution.pk)
        if _has_news(execution, rows):
            break
    return execution


def _etag(request: Request, execution: Execution) -> str:
    """Return what changes with each change of the log, and with what is asked of it."""
    asked = sorted(item for item in request.query_params.lists() if item[0] != "wait")
    shape = serializers.LogSerializer.Meta.fields
    known: tuple[Any, ...] = (execution.pk, execution.revision, asked, shape)
    return f'"{sha256(repr(known).encode()).hexdigest()}"'


def _last_seen(request: Request) -> tuple[int, bool]:
    """Return the last ``seq`` that a client of the stream has, and whether it saw the end."""
    asked = StreamQuery.of(request)
    given = request.headers.get("Last-Event-ID", "")
    if not given:
        return asked["after"], False
    found = _EVENT_ID.fullmatch(given)
    if found is None:
        sentence = "Use the id of the last event, such as 12."
        raise Invalid(f"Last-Event-ID: {sentence}", details={"Last-Event-ID": [sentence]})
    return int(found[1]), bool(found[2])
