"""A real OpenSSH sshd on a loopback port, with keys of its own, for one test."""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from servers.ssh.host_keys import HostKey
from servers.ssh.target import Target

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

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


class Sshd:
    """Started by :meth:`start`; whoever starts it has to :meth:`stop` it."""

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
        path = self.folder / name
        words = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", name, "-f", path]
        subprocess.run(words, check=True)
        return path.read_text()

    def add_host_key(self, kind: str) -> Path:
        name = f"host_{kind}_{len(list(self.folder.glob('host_*')))}"
        self.make_key(name, kind)
        return self.folder / name

    def start(self, *options: str, env: dict[str, str] | None = None) -> None:
        if os.geteuid() == 0:
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
        self.process = subprocess.Popen(
            [str(SSHD), "-D", "-f", config, "-E", self.log], stdin=subprocess.DEVNULL
        )
        self._wait_until_listening()

    def _wait_until_listening(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            # Looking for its own words instead of connecting keeps its log clean for the tests.
            if self.log.exists() and "Server listening" in self.log.read_text():
                return
            time.sleep(0.02)
        raise AssertionError("sshd did not start: " + self.log.read_text())

    def stop(self) -> None:
        """Stop it with the processes of all its connections."""
        if self.process is None:
            return
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            send(pid, signal.SIGCONT)
            send(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def signal_connections(self, number: signal.Signals) -> None:
        """Send a signal to the sshd processes that serve connections; not to their commands."""
        assert self.process is not None
        for pid in descendants(self.process.pid):
            if process_name(pid) in ("sshd", "sshd-session"):
                send(pid, number)

    def freeze(self) -> None:
        """Let it answer nobody any more: neither its connections nor new ones."""
        assert self.process is not None
        send(self.process.pid, signal.SIGSTOP)
        self.signal_connections(signal.SIGSTOP)

    @property
    def host_keys(self) -> tuple[HostKey, ...]:
        words = [Path(f"{path}.pub").read_text().split() for path in self.host_key_files]
        return tuple(HostKey(type=word[0], blob_base64=word[1]) for word in words)

    def target(self, **changes: Any) -> Target:
        target = Target(
            name="web1",
            hostname="127.0.0.1",
            port=self.port,
            username=getpass.getuser(),
            private_key=self.private_key,
            host_keys=self.host_keys,
        )
        return replace(target, **changes)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def process_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(errors="replace").rpartition(") ")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = list(children.get(pid, []))
    for child in found:
        found += children.get(child, [])
    return found


def carriers(mark: str) -> list[int]:
    """The living processes with this text in their environment or command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text(errors="replace").rpartition(") ")[2][0]
        except OSError:
            continue
        if mark.encode() in text and state not in "ZX":
            found.append(int(folder.name))
    return found
