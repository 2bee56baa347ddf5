"""Two servers beside each other: how each runbook ran last, and what is known of both."""

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from automation.models import CatalogEntry, Execution
from automation.selectors import executions, runbooks
from automation.selectors.compare import Value
from opsmanager.accounts import permissions
from servers.models import Probe, ProbeKind, Server


@dataclass(frozen=True, kw_only=True)
class LastRuns:
    """How a runbook ran last on both, dry runs left out; ``None`` where it did not."""

    runbook: CatalogEntry
    left: Execution | None
    right: Execution | None

    @property
    def differs(self) -> bool:
        """Whether it ended in another way."""
        ends = [each and (each.status, each.verdict) for each in (self.left, self.right)]
        return ends[0] != ends[1]


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What only one of them has, of one kind, such as units."""

    kind: str
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    both: int


def facts(left: Server, right: Server) -> list[Value]:
    """Return what is stored of both."""
    named = {
        "Platform": "get_platform_display",
        "Environment": "get_environment_display",
        "Reachable": "reachable",
        "Error": "error_message",
        "In maintenance": "is_tended",
    }
    sides = [
        {name: _word(getattr(server, source)) for name, source in named.items()}
        for server in (left, right)
    ]
    return [Value(name=name, left=sides[0][name], right=sides[1][name]) for name in named]


def _word(value: Any) -> str:
    """Return a value as people write it."""
    if callable(value):
        return str(value())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value or "")


def last_runs(user: permissions.Actor, left: Server, right: Server) -> list[LastRuns]:
    """Return each runbook that ran on one of them, by title; two queries."""
    visible = executions.visible_to(user).filter(runbook=OuterRef("pk"), is_dry_run=False)
    newest = visible.order_by("-queued_at").values("pk")
    rows = runbooks.visible_to(user).annotate(
        on_left=Subquery(newest.filter(server=left)[:1]),
        on_right=Subquery(newest.filter(server=right)[:1]),
    )
    entries = list(rows.order_by("title"))
    wanted = [pk for entry in entries for pk in (entry.on_left, entry.on_right) if pk]
    found = executions.visible_to(user).in_bulk(wanted)
    return [
        LastRuns(runbook=entry, left=found.get(entry.on_left), right=found.get(entry.on_right))
        for entry in entries
        if entry.on_left or entry.on_right
    ]


def contents(left: Server, right: Server) -> list[Contents]:
    """Return what the last look into each found on one alone; nothing before both had one."""
    looks = (
        Probe.objects.filter(server__in=[left, right], kind=ProbeKind.CONTENTS, found__isnull=False)
        .order_by("server_id", "-requested_at")
        .distinct("server_id")
    )
    found = {probe.server_id: probe.found or {} for probe in looks}
    if len(found) < 2:
        return []
    one, other = found[left.pk], found[right.pk]
    return [
        Contents(
            kind=kind,
            only_left=tuple(sorted(set(one[kind]) - set(other[kind]))),
            only_right=tuple(sorted(set(other[kind]) - set(one[kind]))),
            both=len(set(one[kind]) & set(other[kind])),
        )
        for kind in one
        if kind in other
    ]
