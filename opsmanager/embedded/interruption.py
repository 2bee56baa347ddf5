"""Work that Ctrl-C, a TERM or a closed terminal ends in good order."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")


class Interruption:
    """The first signal that came in; later ones change nothing, so nobody stops the stopping.

    To be made in a running event loop, which then no longer ends at these signals.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._came = asyncio.Event()
        for number in SIGNALS:
            # Whoever started us with nohup wants us to outlive the terminal.
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            asyncio.get_running_loop().add_signal_handler(number, self._note, number)

    async def wait(self) -> None:
        """Wait for a signal."""
        await self._came.wait()

    async def limit(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do `work` up to its end or to the signal; return its result, None when it was cut off."""
        working = asyncio.ensure_future(work)
        waiting = asyncio.ensure_future(self._came.wait())
        try:
            await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            working.cancel()
            await asyncio.wait((working,))
            return None
        finally:
            waiting.cancel()

    def _note(self, number: signal.Signals) -> None:
        self.signal = self.signal or number
        self._came.set()
