"""Keeps a set of programs running, and ends them all, in reverse order, leaving none behind."""

import asyncio
import collections
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence

from opsmanager.embedded.errors import ProgramError
from opsmanager.embedded.process import Process, Program
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.watchdog import Watchdog

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
CALM = 60.0
"""Seconds: a process that lived this long starts again at once, with its deaths forgotten."""
TOO_MANY_DEATHS = 5
DEATHS_BEFORE_READY = 2
KILL_PATIENCE = 0.5


class Supervisor:
    """Starts programs layer by layer; each layer stops only after those above it."""

    def __init__(self, *, terminal: Terminal, watchdog: Watchdog) -> None:
        self._terminal = terminal
        self._watchdog = watchdog
        self._layers: list[list[_Keeper]] = []

    async def keep(self, *programs: Program) -> None:
        """Start the programs as one layer and start each again whenever it dies."""
        layer = [_Keeper(program, self._terminal, self._watchdog) for program in programs]
        self._layers.append(layer)
        for keeper in layer:
            await keeper.begin()

    async def until_ready(
        self, name: str, is_ready: Callable[[], Awaitable[bool]], *, patience: float
    ) -> None:
        """Wait until the kept program `name` is ready, asking again and again.

        Raises ProgramError when it keeps dying or is not ready after `patience` seconds.
        """
        keeper = next(k for layer in self._layers for k in layer if k.program.name == name)
        deadline = time.monotonic() + patience
        while not await is_ready():
            if len(keeper.deaths) >= DEATHS_BEFORE_READY:
                raise ProgramError(f"{name} does not start:{keeper.last_words()}")
            if time.monotonic() > deadline:
                raise ProgramError(
                    f"{name} runs, but is not ready after {patience:.0f} seconds."
                    f"{keeper.last_words()}"
                )
            await asyncio.sleep(0.05)

    async def run(self, program: Program) -> Sequence[str]:
        """Run `program` to its end and return the last lines it wrote.

        Raises ProgramError when it fails.
        """
        process = await Process.start(program, terminal=self._terminal, watchdog=self._watchdog)
        try:
            status = await process.ended()
        finally:
            # Given up half-way (Ctrl-C): what runs must not outlive us.
            process.kill()
            await process.ended()
            self._watchdog.ended(process.pid)
        if status != 0:
            raise ProgramError(
                f"{program.name} failed ({_how(status)}).{_last_words(process.lines)}"
            )
        return tuple(process.lines)

    async def stop(self) -> None:
        """End everything, the last layer first."""
        for layer in reversed(self._layers):
            await asyncio.gather(*(keeper.end() for keeper in layer))
        self._layers.clear()


class _Keeper:
    """Keeps one program running."""

    def __init__(self, program: Program, terminal: Terminal, watchdog: Watchdog) -> None:
        self.program = program
        self.deaths: collections.deque[float] = collections.deque(maxlen=TOO_MANY_DEATHS)
        self._terminal = terminal
        self._watchdog = watchdog
        self._process: Process | None = None
        self._last_lines: Sequence[str] = ()
        self._stopping = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        await self._start()
        self._keeping = asyncio.create_task(self._keep())

    async def end(self) -> None:
        if self._keeping is None:
            return
        self._stopping.set()
        if self._process:
            self._process.ask_to_stop()
        _, late = await asyncio.wait([self._keeping], timeout=self.program.patience)
        if late and self._process:
            self._terminal.say(f"{self.program.name} did not stop when asked and is killed")
            self._process.kill()
            await asyncio.wait([self._keeping], timeout=KILL_PATIENCE)

    def last_words(self) -> str:
        return _last_words(self._process.lines if self._process else self._last_lines)

    async def _start(self) -> None:
        self._process = await Process.start(
            self.program, terminal=self._terminal, watchdog=self._watchdog
        )

    async def _keep(self) -> None:
        while self._process:
            began = time.monotonic()
            status = await self._process.ended()
            self._watchdog.ended(self._process.pid)
            self._last_lines, self._process = tuple(self._process.lines), None
            if self._stopping.is_set():
                return
            if time.monotonic() - began > CALM:
                self.deaths.clear()
            await self._mourn(_how(status))

    async def _mourn(self, how: str) -> None:
        """Say what happened, pause, and start the program again unless it is to stop."""
        while not self._process:
            self.deaths.append(time.monotonic())
            pause = self._pause()
            self._terminal.say(self._obituary(how, pause))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
                return
            try:
                await self._start()
            except ProgramError as error:
                how = str(error)

    def _pause(self) -> float:
        if self._dies_too_often:
            return LONGEST_PAUSE
        return float(min(FIRST_PAUSE * 2 ** (len(self.deaths) - 1), LONGEST_PAUSE))

    @property
    def _dies_too_often(self) -> bool:
        return len(self.deaths) == TOO_MANY_DEATHS and self.deaths[-1] - self.deaths[0] <= CALM

    def _obituary(self, how: str, pause: float) -> str:
        name = self.program.name
        if self._dies_too_often:
            return (
                f"{name} died {TOO_MANY_DEATHS} times within a minute ({how}); its last "
                f"lines above say why. It is tried again every {pause:.0f} s."
            )
        silent = _last_words(self._last_lines) if self.program.quiet else ""
        return f"{name} died ({how}) and is started again in {pause:g} s{silent}"


def _how(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"


def _last_words(lines: Sequence[str]) -> str:
    """The last lines, indented under the sentence that they explain."""
    shown = list(lines)[-8:]
    return "".join(f"\n    {line}" for line in shown)
