"""The servers of a long run: OpenSSH itself on many addresses, reached without a relay between.

Some rows hold a login that the server refuses. Each is a login of its own, so that the breaker of
one keeps no other from being tried.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers.ssh.testing import Sshd, SshdFailed
from tests.faults.world import World

_ADDRESSES = 15
"""Of each sshd, which takes sixteen at most."""
# Many servers in one: each has a limit of its own to logins at a time.
_MANY = "MaxStartups 300"
# All logins come from one address, and newer ones ban it for what is refused here on purpose.
_NO_BANS = "PerSourcePenalties no"
_ESTABLISHED = "01"


@dataclass(frozen=True, kw_only=True)
class Site:
    """Servers as OpsManager knows them, and what they see of it."""

    good: list[dict[str, Any]]
    refusing: list[dict[str, Any]]
    """Their logins are refused, each time."""
    ports: frozenset[int]

    def connections(self) -> int:
        """Return how many connections the servers have open."""
        wanted = {f"{port:04X}" for port in self.ports}
        found = 0
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            found += state == _ESTABLISHED and local.rpartition(":")[2] in wanted
        return found


@contextmanager
def site(world: World, folder: Path, *, good: int, refusing: int) -> Iterator[Site]:
    """Start so many servers in ``folder``, and enter them."""
    folder.mkdir()
    with ExitStack() as ending:
        places: list[tuple[Sshd, str]] = []
        for number in range(-(-good // _ADDRESSES)):
            home = folder / str(number)
            home.mkdir()
            sshd = Sshd(home)
            addresses = [f"127.0.{10 + number}.{last + 1}" for last in range(_ADDRESSES)]
            ending.callback(sshd.stop)
            _start(sshd, [f"ListenAddress {each}:{sshd.port}" for each in addresses])
            places += [(sshd, address) for address in addresses]
        stranger = places[0][0].make_key("stranger")
        yield Site(
            good=[_known(world, *place) for place in places[:good]],
            refusing=[
                _known(world, *places[number % good], key=stranger) for number in range(refusing)
            ],
            ports=frozenset(sshd.port for sshd, _ in places),
        )


def _start(sshd: Sshd, options: list[str]) -> None:
    try:
        sshd.start(_MANY, *options, _NO_BANS)
    except SshdFailed:
        # Up to 9.7 it knows no bans.
        sshd.start(_MANY, *options)


def _known(world: World, sshd: Sshd, address: str, *, key: str = "") -> dict[str, Any]:
    return world.stack.server(
        address.replace(".", "-"),
        hostname=address,
        port=sshd.port,
        username=sshd.target().username,
        private_key=key or sshd.private_key,
    )
