"""A real sshd whose commands note when they began, by the clock that the client has as well."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ssh.openssh import SSHD, Sshd

WATCHED = ("cat", "df", "nproc", "systemctl")
"""What HEALTH_CHECK begins with, some of it at once."""
_SHIM = """\
#!/bin/sh
date +%s.%N >> {stamps}
PATH=/usr/local/bin:/usr/bin:/bin exec {name} "$@"
"""


class ClockedSshd:
    """The sshd, on 127.0.0.1 and on as many addresses of loopback as there are cold servers."""

    def __init__(self, folder: Path, *, addresses: int) -> None:
        self.addresses = [f"127.0.4.{number}" for number in range(1, addresses + 1)]
        self.sshd = Sshd(folder)
        self.user = getpass.getuser()
        self._stamps = folder / "stamps"
        self._programs = folder / "programs"
        self._programs.mkdir()
        for name in WATCHED:
            shim = self._programs / name
            shim.write_text(_SHIM.format(stamps=self._stamps, name=name))
            shim.chmod(0o755)

    def start(self) -> None:
        """Start it."""
        listen = [f"ListenAddress {address}:{self.sshd.port}" for address in self.addresses]
        path = f"{self._programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        self.sshd.start(*listen, env={"PATH": path})

    def first_command(self) -> float:
        """Return when the first command since the last call began, in seconds since the epoch.

        The shim has started a shell and `date` by then, some 2 ms.
        """
        stamps = [float(line) for line in self._stamps.read_text().splitlines()]
        self._stamps.write_text("")
        return min(stamps)


@contextmanager
def clocked_sshd(folder: Path, *, addresses: int) -> Iterator[ClockedSshd]:
    """Start one, and stop it with all its connections."""
    if SSHD is None:
        raise SystemExit("The benchmark needs OpenSSH's sshd (Debian: openssh-server).")
    server = ClockedSshd(folder, addresses=addresses)
    server.start()
    try:
        yield server
    finally:
        server.sshd.stop()
