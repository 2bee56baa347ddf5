"""One program and one running process of it, in a process group of its own."""

import asyncio
import contextlib
import signal
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

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
    patience: float = 3.5
    """Seconds from being asked to being killed."""
    quiet: bool = False
    """Show nothing of what it writes (its last lines are kept for when it fails)."""


class Process(asyncio.SubprocessProtocol):
    """A running process: its output goes to the terminal line by line, its end can be awaited."""

    def __init__(self, program: Program, terminal: Terminal) -> None:
        self.program = program
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        """What it wrote last."""
        self._terminal = terminal
        self._rest = b""
        # asyncio's own wait() lasts until a killed process's children have closed its output too.
        self._exited = asyncio.Event()
        self._drained = asyncio.Event()
        self._is_over = False

    @classmethod
    async def start(cls, program: Program, *, terminal: Terminal, watchdog: Watchdog) -> "Process":
        """Start `program`. Raises ProgramError when that is not possible."""
        account = program.account
        try:
            _, process = await asyncio.get_running_loop().subprocess_exec(
                lambda: cls(program, terminal),
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
        watchdog.started(process.pid, program.stop_signal)
        return process

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._transport.get_pid()

    async def ended(self) -> int:
        """Wait for its end; return its exit status, negative for a signal.

        What it leaves behind in its group is ended too.
        """
        await self._exited.wait()
        self.kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), DRAIN_PATIENCE)
        self._is_over = True
        self._transport.close()
        return self._transport.get_returncode() or 0

    def ask_to_stop(self) -> None:
        """Send the stop signal."""
        if not self._is_over:
            self._family.signal(self.program.stop_signal)

    def kill(self) -> None:
        """End it and all it started, at once."""
        # Once it is over, its number may be another's.
        if not self._is_over:
            self._family.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process has been started."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._family = Family(self.pid)

    def pipe_data_received(self, _fd: int, data: bytes) -> None:
        """Hand on each line as it comes; a line without end is cut where it gets too long."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._show(line)
        if len(self._rest) > LONGEST_LINE:
            self._show_rest()

    def pipe_connection_lost(self, _fd: int, _exc: Exception | None) -> None:
        """Nobody can write any more."""
        if self._rest:
            self._show_rest()
        self._drained.set()

    def process_exited(self) -> None:
        """The leader has gone; its children may still live."""
        self._exited.set()

    def _show_rest(self) -> None:
        rest, self._rest = self._rest, b""
        self._show(rest)

    def _show(self, raw: bytes) -> None:
        line = raw.decode(errors="replace").rstrip("\r")
        self.lines.append(line)
        if not self.program.quiet:
            self._terminal.line(self.program.name, line)
