"""A TCP relay in front of a server or the web: a network that can be held, lose traffic and be cut.

What it holds it delivers later, as a network does that comes back in time. What it loses is lost
for good, so at the end of a loss the connections concerned are cut.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 65536


class Relay:
    """Listens on a loopback address; relays in threads until :meth:`close`.

    ``upstream`` is where new connections lead; it may be changed at any time.
    """

    def __init__(self, upstream: tuple[str, int], *, host: str = "127.0.0.1") -> None:
        self.upstream = upstream
        self._listener = socket.create_server((host, 0), backlog=128)
        self.host, self.port = self._listener.getsockname()
        self._flows = threading.Event()
        self._flows.set()
        self._loses = threading.Event()
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Deliver nothing meanwhile, and all of it afterwards."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    @contextmanager
    def losing(self) -> Iterator[None]:
        """Lose what is sent meanwhile; afterwards, nothing of that time can go on."""
        self._loses.set()
        try:
            yield
        finally:
            self.cut()
            self._loses.clear()

    def cut(self) -> None:
        """Break all connections that stand."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            _end(pair)

    def close(self) -> None:
        """Listen no more, and break what stands."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._flows.set()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # A new connection, too, gets nowhere while nothing flows.
        self._flows.wait()
        server = self._connected()
        if server is None:
            client.close()
            return
        pair = (client, server)
        with self._lock:
            self._pairs.add(pair)
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            end.close()

    def _connected(self) -> socket.socket | None:
        """Connect; where the upstream has just been replaced, to the new one."""
        for _ in range(2):
            with suppress(OSError):
                return socket.create_connection(self.upstream, timeout=10)
        return None

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        source.settimeout(None)
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if self._loses.is_set():
                    continue
                self._flows.wait()
                sink.sendall(data)
        _end((sink,))


def _end(ends: tuple[socket.socket, ...]) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
