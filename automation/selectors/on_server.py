"""What happens on one server now: what changes it, what else runs there, what waits and why."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from automation.engine.results import Status
from automation.models import Execution
from automation.selectors import approvals, cooldown, executions, waiting
from automation.selectors.cooldown import Cooling
from opsmanager.accounts import permissions
from servers.models import Server

_MOST = 20


@dataclass(frozen=True, kw_only=True)
class Now:
    """What runs and waits on a server, at most twenty of each."""

    running: list[Execution]
    """The one that changes the server first; each has its runbook and who started it."""
    waiting: list[Execution]
    """In the order in which they come, each with ``waiting_for``."""
    cooling: list[Cooling]
    seen: str
    """Stands for all of it, so that a poll can ask for what is new."""


def now(user: permissions.Actor, server: Server) -> Now:
    """Return what happens on the server, as far as the user may see executions."""
    rows = list(_live(user, server))
    # What waits for people has no place in the queue yet, and comes after what has.
    waits = [row for row in rows if row.waiting_since is not None or approvals.is_awaited(row)]
    return Now(
        running=sorted(
            (row for row in rows if row not in waits),
            key=lambda row: (not row.holds_server, row.queued_at),
        )[:_MOST],
        waiting=waiting.with_waiting(sorted(waits, key=_turn)[:_MOST]),
        cooling=cooldown.on_server(server),
        seen=_seen((str(row.pk), row.revision) for row in rows),
    )


def seen(user: permissions.Actor, server: Server) -> str:
    """Return what stands for all that happens there, in one query."""
    rows = _live(user, server).select_related(None).values_list("pk", "revision")
    return _seen((str(pk), revision) for pk, revision in rows)


def _live(user: permissions.Actor, server: Server) -> QuerySet[Execution]:
    is_live = Q(waiting_since__isnull=False) | Q(lease_until__isnull=False) | Q(holds_server=True)
    asked = Q(status=Status.PENDING)
    return executions.visible_to(user).filter(is_live | asked, server=server)


def _turn(row: Execution) -> tuple[bool, int, datetime, UUID]:
    is_asked = row.waiting_since is None
    return is_asked, row.priority, row.waiting_since or row.queued_at, row.pk


def _seen(revisions: Iterable[tuple[str, int]]) -> str:
    text = ";".join(f"{pk}:{revision}" for pk, revision in sorted(revisions))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
