"""What a client that follows an execution is told, event by event."""

import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError
from rest_framework.exceptions import APIException

from automation.api import serializers
from automation.models import Execution, ExecutionLog
from automation.selectors import executions as selectors
from automation.selectors import live
from opsmanager.accounts.models import User
from opsmanager.common.api.event_stream import HEARTBEAT, NOTHING, event, retry_after
from opsmanager.common.connections import give_back
from opsmanager.common.problems import NotFound

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 100
"""Rows that are read in one go, so that no log is ever in memory as a whole."""
_COME_BACK_MS: Final = 2000


class StatusSerializer(serializers.ExecutionSerializer):
    """Where an execution stands."""

    class Meta(serializers.ExecutionSerializer.Meta):
        fields: ClassVar = [
            "status",
            "verdict",
            "current_step",
            "total_steps",
            "progress",
            "attempt",
            "rollback_status",
        ]
        read_only_fields: ClassVar = fields


def follow(pk: UUID, *, user: User, after: int, ask_again: Callable[[], User]) -> Generator[bytes]:
    """Yield the events of an execution from the row ``after`` on, until it has ended.

    ``ask_again`` returns who follows it, or raises what a request without a login does; it is asked
    every few seconds, and when it raises, or the time is over, the stream ends without ``end``: the
    client comes back, and is told then. No connection is held while it sleeps or sends.
    """
    told = _Told(after)
    clock = _Clock()
    yield retry_after(_COME_BACK_MS)
    try:
        while not clock.is_over:
            if clock.is_time_to_ask():
                user = ask_again()
            events = _look(pk, user, told)
            give_back()
            yield from events or [clock.heartbeat()]
            if events:
                clock.said_something()
            if told.is_over:
                return
            if not told.has_more:
                time.sleep(settings.LIVE_LOOK_SECONDS)
    except (APIException, NotFound):
        return
    except DatabaseError as problem:
        log.warning("stream ended: the database does not answer", reason=str(problem))
    finally:
        give_back()


def _look(pk: UUID, user: User, told: "_Told") -> list[bytes]:
    """Return the events of what is new. Raises :class:`NotFound` when it may not be seen."""
    if not told.has_more and live.revision(pk) == told.revision:
        return []
    return told.news(selectors.get(user, pk))


class _Told:
    """What one client has been told."""

    def __init__(self, after: int) -> None:
        self.revision: int | None = None
        self.has_more = False
        """Whether there was more than is told in one go."""
        self.is_over = False
        self._after = after
        self._status: Mapping[str, Any] = {}
        self._outputs: dict[int, tuple[str, str]] = {}

    def news(self, execution: Execution) -> list[bytes]:
        """Return the events that lead from what the client knows to what is so now."""
        # The execution was read first: what its rows say beyond that is told at the next look.
        rows = list(selectors.logs(execution, after=self._after)[:_AT_ONCE])
        self.revision = execution.revision
        return [
            *self._rows_of(execution, rows),
            *self._status_of(execution),
            *self._end_of(execution),
        ]

    def _rows_of(self, execution: Execution, rows: list[ExecutionLog]) -> list[bytes]:
        events = []
        is_whole = True
        for row in rows:
            is_whole = is_whole and not live.may_change(execution, row)
            if is_whole:
                events.append(event("log", _shown(row), last_id=str(row.seq)))
                self._after = row.seq
                self._outputs.pop(row.seq, None)
            else:
                events += self._output_of(row)
        self.has_more = is_whole and len(rows) == _AT_ONCE
        return events

    def _output_of(self, row: ExecutionLog) -> list[bytes]:
        """Return what a row said since it was told of, which may have begun anew."""
        known = self._outputs.get(row.seq)
        said = self._outputs[row.seq] = (row.stdout, row.stderr)
        if said == known:
            return []
        goes_on = known is not None and all(map(str.startswith, said, known))
        shown = _shown(row)
        if goes_on and known is not None:
            shown["stdout"] = row.stdout[len(known[0]) :]
            shown["stderr"] = row.stderr[len(known[1]) :]
        return [event("output", {**shown, "goesOn": goes_on})]

    def _status_of(self, execution: Execution) -> list[bytes]:
        # A client that reads of the end has all rows before it.
        known = self._status if self.has_more else StatusSerializer.json_of(execution)
        is_new, self._status = known != self._status, known
        return [event("status", known)] if is_new else []

    def _end_of(self, execution: Execution) -> list[bytes]:
        if execution.is_live or self.has_more:
            return []
        self.is_over = True
        execution.waiting_for = ""  # type: ignore[attr-defined]  # which needs no query
        shown = serializers.ExecutionSerializer.json_of(execution)
        return [event("end", {"execution": shown}, last_id=f"{self._after}-end")]


class _Clock:
    """When a stream has to say something, to ask something, and to end."""

    def __init__(self) -> None:
        now = time.monotonic()
        self._over_at = now + settings.LIVE_STREAM_SECONDS
        self._asked_at = self._said_at = now

    @property
    def is_over(self) -> bool:
        """Whether the stream has lasted as long as one may."""
        return time.monotonic() >= self._over_at

    def is_time_to_ask(self) -> bool:
        """Return whether it is time to ask who follows; then that counts as done."""
        now = time.monotonic()
        if now - self._asked_at < settings.LIVE_ASK_AGAIN_SECONDS:
            return False
        self._asked_at = now
        return True

    def heartbeat(self) -> bytes:
        """Return a comment where nothing was said for long, else nothing."""
        if time.monotonic() - self._said_at < settings.LIVE_HEARTBEAT_SECONDS:
            return NOTHING
        self.said_something()
        return HEARTBEAT

    def said_something(self) -> None:
        """Note that the connection was used."""
        self._said_at = time.monotonic()


def _shown(row: ExecutionLog) -> dict[str, Any]:
    return serializers.LogSerializer.json_of(row)
