"""Batches as pages and clients ask for them: servers x steps, with equal outputs folded."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import (
    Aggregate,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import JSONObject

from automation.engine.results import Status
from automation.models import Batch, Execution
from automation.selectors import executions, monitor, waiting
from opsmanager.accounts import permissions, roles
from opsmanager.common.problems import NotFound
from servers.selectors import limits

_FAILED: Final = (Status.FAILED, Status.TIMEOUT, Status.UNKNOWN)
# What a step said, without what differs from server to server by itself: times and ids.
_OUTPUTS = """
SELECT execution_id, step_number,
       md5(string_agg(concat_ws('|', md5(stdout), md5(stderr), exit_code::text, status), ','
                      ORDER BY seq)),
       right(string_agg(nullif(concat_ws(E'\n', nullif(rtrim(right(stdout, %(most)s), E'\n'), ''),
                                         nullif(rtrim(right(stderr, %(most)s), E'\n'), '')), ''),
                        E'\n' ORDER BY seq), %(most)s)
  FROM automation_executionlog
 WHERE execution_id = ANY(%(ids)s) AND queued_at BETWEEN %(first)s AND %(last)s
   AND step_number > 0 AND NOT starts_with(step_name, 'Take back: ')
 GROUP BY execution_id, step_number
"""
_SHOWN_CHARACTERS: Final = 2000


def _count(condition: Q) -> Count:
    return Count("executions", filter=condition)


_COUNTS: Final[dict[str, Aggregate]] = {
    "total": Count("executions"),
    "succeeded": _count(Q(executions__status=Status.SUCCESS)),
    "failed": _count(Q(executions__status__in=_FAILED)),
    "running": _count(Q(executions__status=Status.RUNNING)),
    "waiting": _count(Q(executions__status=Status.PENDING)),
    "revision": Sum("executions__revision"),
}


@dataclass(frozen=True, kw_only=True)
class Saying:
    """Servers on which one step said the same."""

    servers: list[str]
    output: str
    """The end of it, from one of them."""


@dataclass(frozen=True, kw_only=True)
class StepColumn:
    """One step over all servers of a batch."""

    number: int
    title: str
    sayings: list[Saying] = field(default_factory=list)
    """The most common one first."""

    @property
    def summary(self) -> str:
        """Such as "38 said the same, 2 differ"."""
        counts = [len(saying.servers) for saying in self.sayings]
        if not counts or sum(counts) == 1:
            return ""
        differ = sum(counts[1:])
        if not differ:
            return f"All {counts[0]} said the same"
        if counts[0] == 1:
            return f"All {sum(counts)} differ"
        return f"{counts[0]} said the same, {differ} differ{'s' if differ == 1 else ''}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One server's execution and its steps."""

    execution: Execution
    steps: list[dict[str, Any]]
    """As :func:`automation.selectors.monitor.steps` returns them."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The result of a batch: servers x steps."""

    columns: list[StepColumn]
    rows: list[Row]


def visible_to(user: permissions.Actor) -> QuerySet[Batch]:
    """Return the batches that the user may see, newest first, each with how it stands.

    ``total``, ``succeeded``, ``failed``, ``running`` and ``waiting`` count its executions;
    ``revision`` grows with each change of one of them.
    """
    return listed(user).annotate(**_COUNTS)


def listed(user: permissions.Actor) -> QuerySet[Batch]:
    """Return the batches that the user may see, newest first, without how they stand."""
    rows = Batch.objects.select_related("runbook", "started_by").order_by("-created_at", "-pk")
    if not permissions.may(user, roles.VIEW_EXECUTIONS):
        return rows.none()
    return _within(user, rows)


def _within(user: permissions.Actor, rows: QuerySet[Batch]) -> QuerySet[Batch]:
    """Return those of which nothing concerns a server that is forbidden to the user's token.

    Counts, refusals and cancel are about the whole of a batch.
    """
    token = getattr(user, "token", None)
    if token is None or permissions.server_limit(user) is None:
        return rows
    members = Execution.objects.filter(batch=OuterRef("pk"))
    within = limits.within(user, members, server="server")
    beyond = limits.beyond(user, members, server="server")
    own = Q(api_token_id=token.pk)
    return rows.filter(~Exists(beyond), own | Q(Exists(within), refusals=[]))


def with_counts(rows: Iterable[Batch]) -> list[Batch]:
    """Return the batches, each with how it stands, as :func:`visible_to` says it.

    For a page of them: what is not on it is not counted.
    """
    found = list(rows)
    counted = Batch.objects.filter(pk__in=[batch.pk for batch in found]).annotate(**_COUNTS)
    counts = {each["pk"]: each for each in counted.values("pk", *_COUNTS)}
    for batch in found:
        for name in _COUNTS:
            setattr(batch, name, counts.get(batch.pk, {}).get(name) or 0)
    return found


def get(user: permissions.Actor, pk: UUID | str) -> Batch:
    """Return a batch that the user may see. Raises :class:`NotFound`."""
    batch = visible_to(user).filter(pk=pk).first()
    if batch is None:
        raise NotFound("There is no such batch, or you may not see it.")
    return batch


def standing_along(pk: UUID) -> Subquery:
    """Return a subquery that finds a batch's executions counted, and how far they have moved.

    As JSON: ``live``, ``all``, and ``moved``, the sum of their revisions.
    """
    counted = {
        "live": Count("pk", filter=Q(status__in=[Status.RUNNING, Status.PENDING])),
        "moved": Sum("revision"),
        "all": Count("pk"),
    }
    rows = Execution.objects.filter(batch=pk).order_by().values("batch").annotate(**counted)
    return Subquery(rows.values(standing=JSONObject(**{name: F(name) for name in counted})))


def seen(revision: int | None, total: int) -> str:
    """Return what tells whether a page shows a batch as it is now."""
    return f"{revision or 0}.{total}"


def members(user: permissions.Actor, batch: Batch) -> QuerySet[Execution]:
    """Return its executions by the names of their servers."""
    return executions.visible_to(user).filter(batch=batch).order_by("server__name")


def grid(user: permissions.Actor, batch: Batch) -> Grid:
    """Return servers x steps, with what each step said, folded."""
    listed = waiting.with_waiting(members(user, batch))
    steps = monitor.steps_of(listed)
    titles = max((execution.step_titles for execution in listed), key=len, default=[])
    sayings = _sayings(listed)
    return Grid(
        columns=[
            StepColumn(number=number, title=title, sayings=sayings.get(number, []))
            for number, title in enumerate(titles, start=1)
        ],
        rows=[Row(execution=execution, steps=steps[execution.pk]) for execution in listed],
    )


def _sayings(listed: list[Execution]) -> dict[int, list[Saying]]:
    if not listed:
        return {}
    names = {execution.pk: execution.server.name for execution in listed}
    span = Execution.objects.filter(pk__in=names).aggregate(
        first=Min("queued_at"), last=Max("queued_at")
    )
    with connection.cursor() as cursor:
        cursor.execute(_OUTPUTS, {"ids": list(names), "most": _SHOWN_CHARACTERS, **span})
        found = cursor.fetchall()
    groups: dict[int, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for execution_id, number, digest, output in found:
        groups[number][digest].append((names[execution_id], output or ""))
    return {
        number: sorted(
            (
                Saying(servers=sorted(name for name, _ in said), output=said[0][1])
                for said in by_digest.values()
            ),
            key=lambda saying: (-len(saying.servers), saying.servers),
        )
        for number, by_digest in groups.items()
    }
