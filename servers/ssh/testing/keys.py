"""Key pairs as text, so that nobody outside this package needs an SSH library to make one."""

from dataclasses import dataclass, field
from io import StringIO

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko import Ed25519Key


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """An Ed25519 key of a server or of a login."""

    type: str
    """The SSH name of the algorithm: ``ssh-ed25519``."""
    public_key: str
    """The public half in base64, as it stands in ``known_hosts`` and ``authorized_keys``."""
    private_key: str = field(repr=False)
    """The private half in OpenSSH's format, without a passphrase."""

    @classmethod
    def from_private_key(cls, text: str) -> "KeyPair":
        """Read a private Ed25519 key in OpenSSH's format.

        Raises ``paramiko.SSHException`` when the text is something else.
        """
        key = Ed25519Key.from_private_key(StringIO(text))
        return cls(type=key.get_name(), public_key=key.get_base64(), private_key=text)


def generate_key() -> KeyPair:
    """Make a new key pair."""
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return KeyPair.from_private_key(text.decode("ascii"))
