"""paramiko's transport, made to notice a silent server and to end without leaving threads."""

import logging
import socket
import time
from collections.abc import Sequence
from contextlib import suppress

import paramiko
from paramiko.common import MSG_DISCONNECT, cMSG_GLOBAL_REQUEST
from paramiko.packet import Packetizer

_ASK_AFTER = 4.0
"""Seconds without a word from us after which the server is asked for a sign of life."""

AUTH_TIMEOUT = 30.0
"""Seconds that a server may take for each step of a login; some ask a directory service."""

_FIRST_KEX = "curve25519-sha256@libssh.org"
"""The cheapest safe key exchange by far: 4 ms of CPU, others cost up to 70."""

# Every failure becomes one of our own errors; paramiko's thread would print each one, too.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


def require_internals(transport: type = paramiko.Transport) -> None:
    """Raise ``ImportError`` where paramiko lacks the private names that this module builds on."""
    for name in ("_active_check_timeout", "_send_message"):
        if not hasattr(transport, name):
            raise ImportError(
                f"paramiko {paramiko.__version__} has no Transport.{name}; "
                "install the locked version, or adapt servers/ssh/transport.py."
            )


require_internals()


class _HearingPacketizer(Packetizer):
    """Remembers when the other side was last heard, and whether it said good-bye."""

    heard_at = 0.0
    was_dismissed = False

    def read_message(self) -> tuple[int, paramiko.Message]:
        kind, message = super().read_message()
        self.heard_at = time.monotonic()
        self.was_dismissed = self.was_dismissed or kind == MSG_DISCONNECT
        return kind, message


class Transport(paramiko.Transport):
    """A client's transport over a connected socket.

    :meth:`ask_when_idle` makes a living server answer every few seconds, and
    :attr:`silent_seconds` tells for how long it has not.
    """

    packetizer: _HearingPacketizer
    # An idle connection's thread wakes this often, in seconds; paramiko's own 0.1 costs a
    # fifth of a core for a thousand idle connections.
    _active_check_timeout = 1.0

    def __init__(self, connection: socket.socket, *, timeout: float) -> None:
        super().__init__(connection, packetizer_class=_HearingPacketizer)
        self._connection = connection
        self.banner_timeout = timeout
        self.handshake_timeout = timeout
        self.auth_timeout = AUTH_TIMEOUT
        options = self.get_security_options()
        options.kex = (_FIRST_KEX, *(kex for kex in options.kex if kex != _FIRST_KEX))

    def accept_only(self, algorithms: Sequence[str]) -> None:
        """Negotiate these host key algorithms only; those unknown to paramiko are left out."""
        options = self.get_security_options()
        known = options.key_types
        options.key_types = tuple(name for name in algorithms if name in known)

    def ask_when_idle(self) -> None:
        """Start asking for signs of life; only allowed after the login."""
        self.hear()
        self.packetizer.set_keepalive(_ASK_AFTER, self._ask)

    def hear(self) -> None:
        """Begin to count the silence anew."""
        self.packetizer.heard_at = time.monotonic()

    @property
    def silent_seconds(self) -> float:
        """Seconds since the server was last heard."""
        return time.monotonic() - self.packetizer.heard_at

    @property
    def is_broken(self) -> bool:
        """Whether the connection has ended, and the server did not say that it ends it."""
        return not self.is_active() and not self.packetizer.was_dismissed

    def _ask(self) -> None:
        # Called in the transport's own thread, which alone starts key exchanges: so the check
        # cannot be overtaken. paramiko's own keepalive wants no answer and so proves nothing.
        if self.clear_to_send.is_set():
            message = paramiko.Message()
            message.add_byte(cMSG_GLOBAL_REQUEST)
            message.add_string("keepalive@openssh.com")
            message.add_boolean(True)  # noqa: FBT003 -- paramiko's signature
            self._send_message(message)  # type: ignore[attr-defined]  # missing in the stubs

    def end(self) -> None:
        """Close at once, in whatever state, and let the thread end within moments."""
        # Stops the timer thread of a handshake that did not come to its end.
        self.packetizer.complete_handshake()
        with suppress(OSError):
            # Wakes the thread that reads; closing alone would let it sleep on for a second.
            self._connection.shutdown(socket.SHUT_RDWR)
        self.close()
        if self.is_alive():
            self.join(timeout=5)
        self._connection.close()
