"""Takes a look at a server, in a worker: can we log in, and which host key does it offer?"""

import structlog
from django.db import connection
from django.db.models.functions import Now

from opsmanager.common import secrets_in_use, zones
from servers import known_keys
from servers.models import Probe, ProbeKind, Server
from servers.reach import the_reach
from servers.ssh import check, contents, errors
from servers.ssh.host_keys import offered_key
from servers.targets import target_of

log = structlog.get_logger(__name__)

_CODES: tuple[tuple[type[errors.SshError], str], ...] = (
    (errors.Unreachable, "CONNECTION"),
    (errors.LoginRefused, "AUTHENTICATION"),
    (errors.CredentialInvalid, "AUTHENTICATION"),
    (errors.HostKeyUnknown, "HOST_KEY"),
    (errors.HostKeyChanged, "HOST_KEY"),
    (errors.ChannelLost, "CONNECTION_LOST"),
)
_TIMEOUT_SECONDS = 10.0


def take(probe_id: str) -> None:
    """Take the look with this id, once; nothing happens when another worker has it.

    Nor where this process does not serve the server's zone.
    """
    served = Server.objects.filter(zone__in=zones.here())
    # The servers in a subquery, so that the look itself is seen as it is, not as it was.
    asked = Probe.objects.filter(pk=probe_id, taken_at=None, server__in=served)
    if not asked.update(taken_at=Now()):
        return
    probe = Probe.objects.select_related("server__credential").get(pk=probe_id)
    try:
        found = _look(probe)
    except errors.SshError as problem:
        found = {"reachable": False, "error_code": code_of(problem), "message": str(problem)}
    except Exception:
        log.exception("probe failed", server=probe.server.name, kind=probe.kind)
        found = {
            "reachable": False,
            "error_code": "INTERNAL",
            "message": "OpsManager itself failed to look at the server. Its log says why.",
        }
    Probe.objects.filter(pk=probe.pk).update(finished_at=Now(), **found)
    if probe.kind == ProbeKind.CONTENTS:
        _forget_earlier(probe)
    elif probe.kind == ProbeKind.CHECK:
        _keep(probe.server, found)


def code_of(problem: errors.SshError) -> str:
    """Return the error code of the contract for an SSH error."""
    return next((code for kind, code in _CODES if isinstance(problem, kind)), "CONNECTION")


def _look(probe: Probe) -> dict[str, object]:
    server = probe.server
    if probe.kind == ProbeKind.HOST_KEY:
        connection.close()
        key = offered_key(server.hostname, server.port, _TIMEOUT_SECONDS, reach=the_reach())
        known_keys.note_offered(server, key)
        return {"reachable": True, "message": f"{server.name} offers {key.fingerprint}."}
    try:
        target = target_of(server)
        # Never hold a database connection while waiting for a server.
        connection.close()
        if probe.kind == ProbeKind.CONTENTS:
            return _contents(contents.read_contents(target))
        latency = check.check(target)
    except (errors.HostKeyUnknown, errors.HostKeyChanged) as problem:
        if problem.offered is not None:
            known_keys.note_offered(server, problem.offered)
        raise
    return {
        "reachable": True,
        "latency_ms": round(latency),
        "message": f"{server.name} answered and let {target.username} log in.",
    }


def _contents(found: contents.Contents) -> dict[str, object]:
    # A program may be named as anything, also as a secret that somebody mistook for one.
    return {"reachable": True, "found": secrets_in_use.redactor().value(found)}


def _forget_earlier(probe: Probe) -> None:
    """Delete what was found before: only the latest contents are of use, and they are long."""
    earlier = Probe.objects.filter(
        server=probe.server, kind=probe.kind, requested_at__lt=probe.requested_at
    )
    earlier.filter(finished_at__isnull=False).delete()


def _keep(server: Server, found: dict[str, object]) -> None:
    Server.objects.filter(pk=server.pk).update(
        reachable=found["reachable"],
        latency_ms=found.get("latency_ms"),
        error_code=found.get("error_code", ""),
        error_message="" if found["reachable"] else found["message"],
        checked_at=Now(),
    )
