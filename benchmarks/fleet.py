"""A hundred servers on this machine: addresses of loopback, on which a few real sshd listen."""

import getpass
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.ssh.testing import Sshd
from servers.ssh.testing.openssh import SSHD

_ADDRESSES = 15
"""An sshd listens on sixteen at most, of which one is its own."""
# They are many servers in one: the limits of each are to be those of many.
_MANY = ("MaxStartups 500", "LogLevel INFO")


@dataclass(frozen=True, kw_only=True)
class Host:
    """Where one of them listens."""

    address: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Servers that all let the same key in."""

    hosts: list[Host]
    user: str
    private_key: str


@contextmanager
def fleet(folder: Path, count: int) -> Iterator[Fleet]:
    """Start them, and stop them with all their connections."""
    if SSHD is None:
        raise SystemExit("The benchmark needs OpenSSH's sshd (Debian: openssh-server).")
    hosts, key, public = [], "", ""
    with ExitStack() as ending:
        for first in range(0, count, _ADDRESSES):
            place = folder / f"sshd{first}"
            place.mkdir()
            sshd = Sshd(place)
            key, public = key or sshd.private_key, public or (place / "user.pub").read_text()
            (place / "authorized_keys").write_text(public)
            here = [
                Host(address=f"127.0.5.{number + 1}", port=sshd.port)
                for number in range(first, min(first + _ADDRESSES, count))
            ]
            listen = [f"ListenAddress {host.address}:{host.port}" for host in here]
            sshd.start(*_MANY, *listen)
            ending.callback(sshd.stop)
            hosts += here
        yield Fleet(hosts=hosts, user=getpass.getuser(), private_key=key)
