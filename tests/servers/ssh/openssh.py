"""The product's own sshd for tests, with the faults that a test can give it."""

import signal
from pathlib import Path

from servers.ssh.testing import openssh
from servers.ssh.testing.local_processes import descendants, send
from servers.ssh.testing.openssh import SSHD, free_port

__all__ = ["SSHD", "Sshd", "carriers", "free_port", "send"]


class Sshd(openssh.Sshd):
    """Its connections can be frozen and killed, apart from their commands."""

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


def process_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


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
