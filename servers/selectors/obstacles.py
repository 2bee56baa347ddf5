"""Why nothing can run on a server, whatever is asked for: what is wrong with it, and what to do."""

from dataclasses import dataclass

from opsmanager.common import pulse
from servers.models import Server
from servers.selectors.host_keys import HostKeyView


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """One thing in the way: what it is, and what takes it away."""

    name: str
    title: str
    remedy: str


def of(server: Server, key: HostKeyView) -> list[Obstacle]:
    """Return what is in the way of every run on the server, the firmest first; none is good."""
    found = []
    if not server.is_active:
        found.append(
            Obstacle(
                name="OFF",
                title="It is switched off",
                remedy="An administrator switches it on again under Edit.",
            )
        )
    if server.zone and not pulse.serving()[server.zone]:
        found.append(
            Obstacle(
                name="NO_WORKER",
                title=f"No worker of zone {server.zone} is running",
                remedy="What is asked for waits until one is started there, with this zone in "
                "AUTOMATION_ZONES.",
            )
        )
    if server.credential_id is None:
        found.append(
            Obstacle(
                name="NO_CREDENTIAL",
                title="Nobody can log in",
                remedy="It has no credential. An administrator chooses one under Edit.",
            )
        )
    if key.status == "CHANGED":
        found.append(
            Obstacle(
                name="KEY_CHANGED",
                title="It shows another host key than the accepted one",
                remedy="Nothing is sent to it. Find out why before the new key is accepted.",
            )
        )
    elif key.status == "UNKNOWN":
        found.append(
            Obstacle(
                name="KEY_UNKNOWN",
                title="Its host key is not accepted yet",
                remedy="Nothing is sent to it. An administrator looks at the key, compares it and "
                "accepts it.",
            )
        )
    return found
