"""A TCP relay in front of a server: remembers what the client sent, and can cut or stall."""

import socket
import struct
import threading
import time
from contextlib import suppress

_NEWKEYS = 21
_KIND_AT = 5
_PATIENCE = 60.0


class Proxy:
    """Listens on a loopback port; relays to ``port`` in threads until :meth:`close`."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._upstream = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sent = bytearray()
        self.connections = 0
        self.stalled = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listening: list[threading.Thread] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(self._upstream)
                self._sockets += [client, server]
                for source, sink, record in ((client, server, True), (server, client, False)):
                    relay = threading.Thread(
                        target=self._relay, args=(source, sink, record), daemon=True
                    )
                    if record:
                        self._listening.append(relay)
                    relay.start()

    def _relay(self, source: socket.socket, sink: socket.socket, record: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if record:
                    self.sent += data
                if self.stalled.is_set():
                    continue
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Break all connections that stand."""
        for end in self._sockets:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for end in self._sockets:
            end.close()

    def sent_after_key_exchange(self) -> bytes:
        """What a client that has hung up said beyond its last plain packet: after NEWKEYS."""
        for relay in self._listening:
            relay.join(_PATIENCE)
        said = self._after_key_exchange()
        assert said is not None, "The key exchange did not come to its end."
        return said

    def cut_in_mid_login(self) -> None:
        """Break all connections as soon as a client has said something beyond NEWKEYS."""
        deadline = time.monotonic() + _PATIENCE
        while not self._after_key_exchange() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.cut()

    def _after_key_exchange(self) -> bytes | None:
        stream = bytes(self.sent).partition(b"\r\n")[2]
        while len(stream) > _KIND_AT:
            (length,) = struct.unpack(">I", stream[:4])
            kind, stream = stream[_KIND_AT], stream[4 + length :]
            if kind == _NEWKEYS:
                return stream
        return None
