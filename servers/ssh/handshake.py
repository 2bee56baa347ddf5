"""From a host name to an encrypted connection on which nobody has logged in yet."""

import time
from collections.abc import Sequence

from paramiko.ssh_exception import IncompatiblePeer

from servers.ssh.addresses import Reach
from servers.ssh.errors import BannerFailed, Incompatible, Unreachable
from servers.ssh.sockets import open_socket
from servers.ssh.transport import Transport

_HANDSHAKE_EXTRA = 5.0
"""Seconds that banner and key exchange may each take longer than the TCP connection."""


class NoHostKeyOffered(Incompatible):
    """Server and client have no host key algorithm in common."""


def shake_hands(
    hostname: str,
    port: int,
    *,
    label: str,
    timeout: float,
    algorithms: Sequence[str] = (),
    reach: Reach | None = None,
) -> Transport:
    """Connect within ``reach`` and exchange keys; where given, only keys of ``algorithms`` count.

    The caller has to check the host key, and to ``end()`` the transport. Raises ``Unreachable``
    and its kinds; nothing but the key exchange was sent.
    """
    connection = open_socket(hostname, port, label=label, timeout=timeout, reach=reach)
    limit = timeout + _HANDSHAKE_EXTRA
    transport = Transport(connection, timeout=limit)
    if algorithms:
        transport.accept_only(algorithms)
    started = time.monotonic()
    try:
        # Banner and key exchange have limits of their own.
        transport.start_client()
    except Exception as error:
        # Whatever paramiko's thread died of is raised here, also what a hostile server provokes.
        transport.end()
        raise _failure(error, label=label, took=time.monotonic() - started, limit=limit) from error
    return transport


def _failure(error: Exception, *, label: str, took: float, limit: float) -> Unreachable:
    if isinstance(error, IncompatiblePeer):
        kind = NoHostKeyOffered if "host key" in str(error) else Incompatible
        return kind(
            f"{label} and OpsManager have no safe SSH algorithm in common ({error}). "
            "Its OpenSSH is probably very old: update it."
        )
    if took >= limit:
        return BannerFailed(
            f"{label} accepted the connection and then kept silent for {took:.0f} seconds. "
            "Check that this is sshd's port and that the server is not frozen or overloaded."
        )
    return BannerFailed(
        f"{label} closed the connection during the SSH handshake. Check that this is sshd's port; "
        "if it is, sshd may be overloaded (MaxStartups) or may refuse this address for a while "
        "(PerSourcePenalties).",
        transient=True,
    )
