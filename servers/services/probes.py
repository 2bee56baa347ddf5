"""Asking a worker to look at a server, and waiting a little for what it finds."""

import time
from functools import partial

import structlog
from django.db import transaction

from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common.problems import NotPermitted, Unavailable
from opsmanager.common.zone_queues import queue
from servers import tasks
from servers.models import Probe, ProbeKind, Server
from servers.selectors import servers
from servers.selectors.probes import last_look, why_not_taken

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.05
_VERBS = {
    ProbeKind.CHECK: "SERVER_CHECKED",
    ProbeKind.HOST_KEY: "HOST_KEY_LOOKED_AT",
    ProbeKind.CONTENTS: "SERVER_CONTENTS_READ",
}


@transaction.atomic
def request(*, actor: User, server: Server, kind: ProbeKind) -> Probe:
    """Ask for a look at the server; a worker takes it as soon as this is committed.

    Raises :class:`NotPermitted` for who may neither run runbooks there nor change servers.
    """
    if not servers.may_have_looked_at(actor, server):
        raise NotPermitted(
            f"You may not have {server.name} looked at: that logs in there. An administrator can "
            "grant you this server, or one of its groups."
        )
    probe = Probe.objects.create(server=server, kind=kind, requested_by=actor)
    trail.record(_VERBS[kind], actor=actor, target=server)
    transaction.on_commit(partial(_send, str(probe.pk), server.zone))
    return probe


def request_contents(*, actor: User, server: Server, again: bool = False) -> None:
    """Ask what the server has, unless that is under way or was read a short time ago.

    ``again`` asks also where it was read a short time ago. Raises :class:`NotPermitted`.
    """
    look = last_look(server, ProbeKind.CONTENTS)
    if not (look.pending or (look.is_fresh and not again)):
        request(actor=actor, server=server, kind=ProbeKind.CONTENTS)


def wait(probe: Probe, *, seconds: float = 20) -> Probe:
    """Wait until the worker has answered. Raises :class:`Unavailable` when none does in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        probe.refresh_from_db()
        if probe.is_finished:
            return probe
        time.sleep(_POLL_SECONDS)
    raise Unavailable(why_not_taken(probe.server))


def _send(probe_id: str, zone: str) -> None:
    try:
        tasks.take_probe.apply_async((probe_id,), queue=queue("servers", zone))
    except Exception as problem:  # noqa: BLE001 - whatever the broker's client raises
        # The row is kept; whoever waits for it is told that no worker answered.
        log.warning("probe could not be queued", probe=probe_id, reason=type(problem).__name__)
