"""The servers: one real OpenSSH behind a relay for each of them, and the record they keep."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from servers.ssh.testing import Sshd, local_processes
from tests.faults.relay import Relay
from tests.faults.service import frozen

# Many servers in one: each has a limit of its own to logins at a time.
_MANY = ("MaxStartups 300",)
# Each line is one write at the end of the file, so that no two mix. OPSM_STEP is the action.
_PROGRAM = r"""#!/bin/sh
# record, key, step, seconds, exit code
printf '%s %s %s begin\n' "$2" "$OPSM_STEP" "$3" >>"$1"
sleep "$4"
printf '%s %s %s end %s\n' "$2" "$OPSM_STEP" "$3" "$5" >>"$1"
exit "$5"
"""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a server's own record."""

    key: str
    action: str
    """The id of the action, as the server was told it."""
    step: str
    code: int | None
    """``None`` for a begin, the exit code for an end."""


class Fleet:
    """Some servers on loopback addresses of their own."""

    def __init__(self, folder: Path, *, count: int) -> None:
        folder.mkdir()
        self.records = folder / "records"
        self.records.mkdir()
        self.program = folder / "work"
        """What the runbooks run on the servers: it works, and records that it did."""
        self.program.write_text(_PROGRAM)
        self.program.chmod(0o755)
        self.sshd = Sshd(folder)
        self.relays: list[Relay] = []
        self._count = count

    def start(self) -> None:
        """Listen."""
        self._start_sshd()
        upstream = ("127.0.0.1", self.sshd.port)
        self.relays = [
            Relay(upstream, host=f"127.0.2.{number + 1}") for number in range(self._count)
        ]

    def stop(self) -> None:
        """End all, with what their logins have left running."""
        for relay in self.relays:
            relay.close()
        self.sshd.stop()

    def kill(self) -> None:
        """Kill the sshd and its sessions; what they began runs on."""
        process = self.sshd.process
        if process is None:
            return
        for daemon in self._daemons():
            with suppress(psutil.NoSuchProcess):
                daemon.send_signal(signal.SIGKILL)
        process.wait()
        self.sshd.process = None

    def lose_power(self) -> None:
        """End the sshd with all that its logins run, at one moment; their files stay."""
        stopped: set[int] = set()
        # Nothing may see another's end, as nothing sees its own when the power goes.
        while left := self._family() - stopped:
            for pid in left:
                local_processes.send(pid, signal.SIGSTOP)
            stopped |= left
        self.sshd.stop()

    def start_again(self) -> None:
        """Listen as before."""
        self._start_sshd()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the sshd and its sessions in their tracks meanwhile; what they began runs on."""
        with frozen(self._daemons()):
            yield

    def lines(self, name: str) -> list[Line]:
        """Return what the servers recorded under a name."""
        found = []
        for file in sorted(self.records.glob(f"{name}.*")):
            for text in file.read_text().splitlines():
                key, action, step, _, *code = text.split()
                found.append(
                    Line(key=key, action=action, step=step, code=int(code[0]) if code else None)
                )
        return found

    def runs(self, action: str) -> bool:
        """Whether something of that action runs on a server now."""
        return bool(local_processes.with_variable("OPSM_STEP", action))

    def is_untold(self, action: str) -> bool:
        """Whether its server recorded that the action began there, and not how it ended."""
        record = self.sshd.home / ".opsm" / action
        # What found no room for its exit code left an empty file.
        end = record / "rc"
        return record.is_dir() and not (end.exists() and end.read_text().endswith("\n"))

    def _start_sshd(self) -> None:
        # Of two lines for one option the first counts.
        self.sshd.start(*_MANY)

    def _family(self) -> set[int]:
        """Return the sshd, its sessions, and all that its logins have left running."""
        left = set(local_processes.with_variable("HOME", str(self.sshd.home)))
        if self.sshd.process is not None:
            pid = self.sshd.process.pid
            left |= {pid, *local_processes.descendants(pid)}
        return left

    def _daemons(self) -> list[psutil.Process]:
        process = self.sshd.process
        if process is None:
            return []
        leader = psutil.Process(process.pid)
        found = [leader]
        for child in leader.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if child.name().startswith("sshd"):
                    found.append(child)
        return found
