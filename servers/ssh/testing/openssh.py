"""A real OpenSSH sshd on a loopback port, as the user who starts it and with keys of its own."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from servers.ssh.host_keys import HostKey
from servers.ssh.target import Target
from servers.ssh.testing import local_processes

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
"""The program; ``None`` where it is not installed."""
SSHD_MISSING = "OpenSSH's sshd is not installed (Debian: apt-get install openssh-server)."

_START_PATIENCE = 30.0
"""Seconds in which it has to listen."""

# Of two lines for one option sshd takes the first.
_CONFIG = """
{extra}
ListenAddress 127.0.0.1:{port}
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin yes
UseDNS no
LogLevel VERBOSE
"""


class SshdFailed(RuntimeError):
    """The sshd did not start; the message holds what it said."""


class Sshd:
    """Lets the current user in with :attr:`private_key`; Linux only, no root needed.

    ``folder`` exists and takes its keys, log and :attr:`home`, the home directory of its logins.
    Whoever calls :meth:`start` has to call :meth:`stop`. Needs :data:`SSHD` and ssh-keygen.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        self.port = free_port()
        self.log = folder / "sshd.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.private_key = self.make_key("user")
        (folder / "authorized_keys").write_text((folder / "user.pub").read_text())
        self.host_key_files = [self.add_host_key("ed25519")]

    def make_key(self, name: str, kind: str = "ed25519", passphrase: str = "") -> str:
        """Make a key pair in the folder and return its private half."""
        path = self.folder / name
        words = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", name, "-f", str(path)]
        subprocess.run(words, check=True)
        return path.read_text()

    def add_host_key(self, kind: str) -> Path:
        """Make a further host key; :attr:`host_key_files` says which ones a start uses."""
        name = f"host_{kind}_{len(list(self.folder.glob('host_*')))}"
        self.make_key(name, kind)
        return self.folder / name

    def start(self, *options: str, env: dict[str, str] | None = None) -> None:
        """Listen on :attr:`port`. Raises ``SshdFailed``.

        ``options`` are lines for sshd_config, ``env`` is what its logins find set.
        """
        # Only root needs the folder, and root may make it.
        with suppress(OSError):
            Path("/run/sshd").mkdir(exist_ok=True)
        variables = {"HOME": str(self.home), **(env or {})}
        extra = [
            *(f"HostKey {path}" for path in self.host_key_files),
            "SetEnv " + " ".join(f'"{name}={value}"' for name, value in variables.items()),
            *options,
        ]
        config = self.folder / "sshd_config"
        config.write_text(
            _CONFIG.format(port=self.port, folder=self.folder, extra="\n".join(extra))
        )
        self.log.write_text("")
        self.process = subprocess.Popen(self.words(config), stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_PATIENCE
        # Reading its own words instead of connecting leaves no trace of a stranger in its log.
        while "Server listening" not in (said := self.log.read_text()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SshdFailed(f"sshd did not start on port {self.port}. It said: {said}")
            time.sleep(0.02)

    def words(self, config: Path) -> list[str]:
        """Return the command that becomes the sshd, in the foreground."""
        return [str(SSHD), "-D", "-f", str(config), "-E", str(self.log)]

    def stop(self) -> None:
        """End it, its connections, and what its logins have left running."""
        if self.process is None:
            return
        family = [self.process.pid, *local_processes.descendants(self.process.pid)]
        left_behind = local_processes.with_variable("HOME", str(self.home))
        for pid in {*family, *left_behind} - {os.getpid()}:
            local_processes.send(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    @property
    def host_keys(self) -> tuple[HostKey, ...]:
        """The public halves of its host keys."""
        words = [Path(f"{path}.pub").read_text().split() for path in self.host_key_files]
        return tuple(HostKey(type=word[0], blob_base64=word[1]) for word in words)

    def target(self, **changes: Any) -> Target:
        """Return where and how to log in; ``changes`` are fields of ``Target``."""
        target = Target(
            name="web1",
            hostname="127.0.0.1",
            port=self.port,
            username=pwd.getpwuid(os.geteuid()).pw_name,
            private_key=self.private_key,
            host_keys=self.host_keys,
        )
        return replace(target, **changes)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
