"""Opens TCP connections that notice a dead peer, and says plainly why one cannot be opened."""

import errno
import socket

from servers.ssh.errors import Unreachable

_NO_ROUTE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EHOSTDOWN)

_OPTIONS = (
    # Without it every command waits 40 ms for Nagle's algorithm.
    (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 10),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 5),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 2),
    # Milliseconds that sent data may stay unacknowledged; the default is a quarter of an hour.
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", 20_000),
)


def open_socket(hostname: str, port: int, *, label: str, timeout: float) -> socket.socket:
    """Return a socket connected to the first address of ``hostname`` that answers.

    ``label`` names the server in messages; ``timeout`` is in seconds and per address. Raises
    ``Unreachable``.
    """
    try:
        connection = socket.create_connection((hostname, port), timeout=timeout)
    except UnicodeError:
        raise Unreachable(
            f"{label} cannot be reached: {hostname!r} is not a possible host name. Correct it."
        ) from None
    except OSError as error:
        raise _unreachable(error, hostname=hostname, port=port, label=label, timeout=timeout) from (
            error
        )
    for level, name, value in _OPTIONS:
        # Some of them exist on Linux only.
        if (option := getattr(socket, name, None)) is not None:
            connection.setsockopt(level, option, value)
    return connection


def _unreachable(
    error: OSError, *, hostname: str, port: int, label: str, timeout: float
) -> Unreachable:
    if isinstance(error, socket.gaierror):
        return Unreachable(
            f"{label} cannot be reached: the name {hostname} was not found. "
            "Check the spelling and the DNS of the worker.",
            transient=error.errno == socket.EAI_AGAIN,
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"{label} did not answer within {timeout:g} seconds. "
            "Check that it runs and that no firewall drops the connection."
        )
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            f"{label} refused the connection: nothing listens on port {port}. "
            "Check the port, and that sshd runs.",
            transient=True,
        )
    if error.errno in _NO_ROUTE:
        return Unreachable(
            f"There is no route to {label}. Check the address and the network of the worker."
        )
    return Unreachable(f"{label} cannot be reached: {error.strerror or error}.", transient=True)
