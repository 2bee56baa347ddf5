"""Opens TCP connections that notice a dead peer, and says plainly why one cannot be opened."""

import errno
import socket

from servers.ssh.addresses import Reach
from servers.ssh.errors import AddressRefused, Unreachable

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


def open_socket(
    hostname: str, port: int, *, label: str, timeout: float, reach: Reach | None = None
) -> socket.socket:
    """Return a socket connected to the first address of ``hostname`` that answers.

    The name is resolved once, ``reach`` has to allow every address it has, and no other is
    connected to. ``label`` names the server in messages; ``timeout`` is in seconds and per address.
    Raises ``Unreachable``.
    """
    try:
        connection = _connected(hostname, port, label, timeout, reach or Reach())
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


def _connected(hostname: str, port: int, label: str, timeout: float, reach: Reach) -> socket.socket:
    found = [entry[4][:2] for entry in socket.getaddrinfo(hostname, port, type=socket.SOCK_STREAM)]
    for text, _ in found:
        if said := reach.refusal(str(text), hostname=hostname):
            raise AddressRefused(
                f"{label} is not connected to: {said}. Correct the server's address; an "
                "administrator can open it with OPSMANAGER_SERVER_ALLOWED_NETWORKS."
            )
    last: OSError = OSError(f"{hostname} has no address")
    for text, number in found:
        try:
            return socket.create_connection((str(text), int(number)), timeout=timeout)
        except OSError as error:
            last = error
    raise last


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
