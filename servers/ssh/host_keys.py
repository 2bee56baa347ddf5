"""A server's identity: the key it must prove to hold before anything is said to it."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import paramiko

from servers.ssh.addresses import Reach
from servers.ssh.handshake import shake_hands

_ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""Signature algorithms by key type where they differ from it; SHA-1 is none of them."""


@dataclass(frozen=True, kw_only=True)
class HostKey:
    """One public key of a server, as it stands in a known_hosts file."""

    type: str
    """Such as ``ssh-ed25519``."""
    blob_base64: str
    """The public key itself, in base64."""

    @classmethod
    def of(cls, key: paramiko.PKey) -> "HostKey":
        """Return the public half of a paramiko key."""
        return cls(type=key.get_name(), blob_base64=key.get_base64())

    @property
    def fingerprint(self) -> str:
        """``SHA256:…`` as ``ssh-keygen -l`` prints it, for a person to compare."""
        digest = hashlib.sha256(base64.b64decode(self.blob_base64)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def algorithms(host_keys: Iterable[HostKey]) -> tuple[str, ...]:
    """Return the signature algorithms by which one of these keys could prove itself."""
    return tuple(
        dict.fromkeys(
            algorithm for key in host_keys for algorithm in _ALGORITHMS.get(key.type, (key.type,))
        )
    )


def offered_key(
    hostname: str, port: int, timeout: float = 10.0, *, reach: Reach | None = None
) -> HostKey:
    """Return the key that the server shows, for a person to compare and accept.

    Only keys are exchanged, nobody logs in. Raises ``Unreachable``.
    """
    label = f"{hostname}:{port}"
    transport = shake_hands(hostname, port, label=label, timeout=timeout, reach=reach)
    try:
        return HostKey.of(transport.get_remote_server_key())
    finally:
        transport.end()
