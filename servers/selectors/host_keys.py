"""What is known of a server's host key."""

from dataclasses import dataclass

from servers.models import HostKey, HostKeyState, Server


@dataclass(frozen=True, kw_only=True)
class HostKeyView:
    """A server's host key as a person judges it."""

    status: str
    """UNKNOWN (none accepted), ACCEPTED, or CHANGED (another one is offered)."""
    accepted: HostKey | None
    offered: HostKey | None


def of(server: Server) -> HostKeyView:
    """Return the accepted and the last offered key, and what they say together."""
    keys = {
        key.state: key
        for key in server.host_keys.exclude(state=HostKeyState.RETIRED).select_related(
            "accepted_by"
        )
    }
    accepted, offered = keys.get(HostKeyState.ACCEPTED), keys.get(HostKeyState.OFFERED)
    if accepted is None:
        status = "UNKNOWN"
    elif offered is not None and offered.fingerprint != accepted.fingerprint:
        status = "CHANGED"
    else:
        status = "ACCEPTED"
    return HostKeyView(status=status, accepted=accepted, offered=offered)
