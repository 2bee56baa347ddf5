"""Holds back handshakes, so that neither the worker's CPU nor a server's MaxStartups is flooded."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class HandshakeGate:
    """Lets at most ``total`` handshakes through at once, and ``per_host`` for one address."""

    def __init__(self, *, total: int, per_host: int) -> None:
        self._free = total
        self._per_host = per_host
        self._busy: dict[tuple[str, int], int] = {}
        self._changed = threading.Condition()

    @contextmanager
    def passage(self, hostname: str, port: int) -> Iterator[None]:
        """Wait for a turn and hold it."""
        host = (hostname, port)

        def may_pass() -> bool:
            return self._free > 0 and self._busy.get(host, 0) < self._per_host

        with self._changed:
            self._changed.wait_for(may_pass)
            self._free -= 1
            self._busy[host] = self._busy.get(host, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._busy[host] -= 1
                if not self._busy[host]:
                    del self._busy[host]
                self._changed.notify_all()
