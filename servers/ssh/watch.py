"""One thread that notices servers which fell silent, for all connections of a pool."""

import threading
import time
from collections.abc import Callable

from servers.ssh.transport import Transport

SILENCE_LIMIT = 12.0
"""Seconds without a word, in spite of being asked every four, after which a server is lost."""

_TICK = 1.0
_OVERSLEPT = 4.0


class Watch:
    """Ends transports whose server has fallen silent, which wakes all who wait on them.

    A partition, a frozen machine and a frozen sshd are found alike, within
    ``silence_limit`` plus about two seconds. ``on_tick`` is called once a second.
    """

    def __init__(
        self,
        *,
        silence_limit: float = SILENCE_LIMIT,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._silence_limit = silence_limit
        self._on_tick = on_tick
        self._lock = threading.Lock()
        self._transports: set[Transport] = set()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, transport: Transport) -> None:
        """Begin to watch an authenticated transport."""
        transport.ask_when_idle()
        with self._lock:
            self._transports.add(transport)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ssh-watch", daemon=True)
                self._thread.start()

    def discard(self, transport: Transport) -> None:
        """Stop watching it."""
        with self._lock:
            self._transports.discard(transport)

    def close(self) -> None:
        """Stop the thread; transports are left as they are."""
        self._stopped.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        before = time.monotonic()
        while not self._stopped.wait(_TICK):
            now = time.monotonic()
            # A process that was itself suspended must not blame the servers for it.
            self._look(overslept=now - before > _TICK + _OVERSLEPT)
            before = now
            self._on_tick()

    def _look(self, *, overslept: bool) -> None:
        with self._lock:
            transports = list(self._transports)
        for transport in transports:
            if overslept:
                transport.hear()
            elif not transport.is_active():
                self.discard(transport)
            elif transport.silent_seconds > self._silence_limit:
                self.discard(transport)
                transport.end()
