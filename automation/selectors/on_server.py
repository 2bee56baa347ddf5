"""What happens on one server now: what changes it, what else runs there, what waits and why."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from automation.models import Execution
from automation.selectors import cooldown, executions, waiting
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
    waits = [row for row in rows if row.waiting_since is not None]
    return Now(
        running=sorted(
            (row for row in rows if row.waiting_since is None),
            key=lambda row: (not row.holds_server, row.queued_at),
        )[:_MOST],
        waiting=waiting.with_waiting(
            sorted(waits, key=lambda row: (row.priority, row.waiting_since, row.pk))[:_MOST]
        ),
        cooling=cooldown.on_server(server),
        seen=_seen((str(row.pk), row.revision) for row in rows),
    )


def seen(user: permissions.Actor, server: Server) -> str:
    """Return what stands for all that happens there, in one query."""
    rows = _live(user, server).select_related(None).values_list("pk", "revision")
    return _seen((str(pk), revision) for pk, revision in rows)


def _live(user: permissions.Actor, server: Server) -> QuerySet[Execution]:
    is_live = Q(waiting_since__isnull=False) | Q(lease_until__isnull=False) | Q(holds_server=True)
    return executions.visible_to(user).filter(is_live, server=server)


def _seen(revisions: Iterable[tuple[str, int]]) -> str:
    text = ";".join(f"{pk}:{revision}" for pk, revision in sorted(revisions))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
