"""Where to log in, as whom and with what: all that a connection needs to know of a server."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from servers.ssh.host_keys import HostKey

_DIGEST_KEY = secrets.token_bytes(32)
"""Of this process alone, so that a digest tells nobody anything about a short password."""


class PoolKey(NamedTuple):
    """What two targets share when one connection serves both; valid within this process."""

    hostname: str
    port: int
    username: str
    digest: str
    """Of the credential and the accepted host keys; no secret can be read from it."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One server's address, login and accepted host keys."""

    name: str
    """The server's name, for messages to people."""
    hostname: str
    port: int = 22
    username: str
    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    """PEM or OpenSSH text; tried before the password."""
    passphrase: str | None = field(default=None, repr=False)
    host_keys: tuple[HostKey, ...] = ()
    """The keys a person accepted; without any, no login is tried."""
    recorded: bool = True
    """Whether changing commands leave a record on the server; False is its plain mode."""
    connect_timeout: float = 10.0
    """Seconds for the TCP connection; handshake and login may take 5 seconds more each."""

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied to where a secret would outlive its use."""
        raise TypeError(f"The login to {self.label} holds opened secrets and can't be pickled.")

    @property
    def address(self) -> str:
        """The host name and port as people write them, such as ``web1.example.org:22``."""
        host = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return f"{host}:{self.port}"

    @property
    def label(self) -> str:
        """Name and address together, as every message names the server."""
        return f"{self.name} ({self.address})"

    @property
    def pool_key(self) -> PoolKey:
        """Equal for targets that may share one connection; a new credential changes it."""
        digest = hashlib.blake2b(key=_DIGEST_KEY, digest_size=16)
        keys = sorted(f"{key.type} {key.blob_base64}" for key in self.host_keys)
        for part in (self.password, self.private_key, self.passphrase, *keys):
            digest.update(b"-" if part is None else b"+%d:" % len(part))
            digest.update((part or "").encode("utf-8", "surrogateescape"))
        return PoolKey(self.hostname, self.port, self.username, digest.hexdigest())
