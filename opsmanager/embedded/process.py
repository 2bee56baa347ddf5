"""One program and one running process of it, in a process group of its own."""

import asyncio
import signal
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opsmanager.embedded.account import Account
from opsmanager.embedded.errors import ProgramError
from opsmanager.embedded.family import Family
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.watchdog import Watchdog

KEPT_LINES = 50
LONGEST_LINE = 8192
DRAIN_PATIENCE = 1.0


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to start, and how to ask it to stop."""

    name: str
    """Told in front of each line it writes."""
    command: tuple[str, ...]
    """Words; the first is the file to execute."""
    environment: Mapping[str, str] = field(repr=False)
    """All of its environment: nothing is inherited."""
    folder: Path
    """Its working folder."""
    account: Account | None = None
    """Who it runs as, None for who we are."""
    stop_signal: signal.Signals = signal.SIGTERM
    """What asks it to stop."""
    patience: float = 4.0
    """Seconds from being asked to being killed."""
    quiet: bool = False
    """Show nothing of what it writes (its last lines are kept for when it fails)."""


class Process:
    """A running process: its output goes to the terminal line by line, its end can be awaited."""

    def __init__(
        self, program: Program, running: asyncio.subprocess.Process, terminal: Terminal
    ) -> None:
        self.program = program
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        """What it wrote last."""
        self._running = running
        self._terminal = terminal
        self._family = Family(running.pid)
        self._has_ended = False
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, program: Program, *, terminal: Terminal, watchdog: Watchdog) -> "Process":
        """Start `program`. Raises ProgramError when that is not possible."""
        account = program.account
        try:
            running = await asyncio.create_subprocess_exec(
                *program.command,
                env=dict(program.environment),
                cwd=program.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except OSError as error:
            raise ProgramError(
                f"{program.name} cannot be started: {program.command[0]}: {error.strerror}."
            ) from None
        watchdog.started(running.pid, program.stop_signal)
        return cls(program, running, terminal)

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._running.pid

    async def ended(self) -> int:
        """Wait for its end; return its exit status, negative for a signal.

        What it leaves behind in its group is ended too.
        """
        status = await self._running.wait()
        self.kill()
        await asyncio.wait([self._reading], timeout=DRAIN_PATIENCE)
        self._reading.cancel()
        self._has_ended = True
        return status

    def ask_to_stop(self) -> None:
        """Send the stop signal."""
        if not self._has_ended:
            self._family.signal(self.program.stop_signal)

    def kill(self) -> None:
        """End it and all it started, at once."""
        # Its number may be another's by now.
        if not self._has_ended:
            self._family.kill()

    async def _read(self) -> None:
        """Hand on each line as it comes; a line without end is cut where it gets too long."""
        assert self._running.stdout is not None  # noqa: S101  (tells mypy)
        rest = b""
        while chunk := await self._running.stdout.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._show(line)
            if len(rest) > LONGEST_LINE:
                self._show(rest)
                rest = b""
        if rest:
            self._show(rest)

    def _show(self, raw: bytes) -> None:
        line = raw.decode(errors="replace").rstrip("\r")
        self.lines.append(line)
        if not self.program.quiet:
            self._terminal.line(self.program.name, line)
