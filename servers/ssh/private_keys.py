"""Reads a credential's private key, so that a bad one is told from a refused one."""

import io

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from servers.ssh.errors import CredentialInvalid


def load_private_key(text: str, passphrase: str | None) -> paramiko.PKey:
    """Return the key in ``text``: OpenSSH's own format, PKCS#1, PKCS#8 or SEC1 PEM.

    A passphrase of a key that has none is ignored. Raises ``CredentialInvalid``.
    """
    key = _parse(text.strip().encode() + b"\n", passphrase.encode() if passphrase else None)
    try:
        # paramiko reads fewer formats than people have; everything reaches it in OpenSSH's.
        match key:
            case Ed25519PrivateKey():
                return paramiko.Ed25519Key.from_private_key(_openssh(key))
            case EllipticCurvePrivateKey():
                return paramiko.ECDSAKey.from_private_key(_openssh(key))
            case RSAPrivateKey():
                return paramiko.RSAKey.from_private_key(_openssh(key))
    except ValueError:
        # A curve that SSH does not know.
        pass
    raise CredentialInvalid(
        "The private key is of a type that SSH no longer accepts; use an Ed25519, ECDSA or RSA key."
    )


def _openssh(key: Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey) -> io.StringIO:
    plain = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return io.StringIO(plain.decode())


def _parse(data: bytes, passphrase: bytes | None) -> object:
    load = (
        serialization.load_ssh_private_key
        if b"BEGIN OPENSSH" in data
        else serialization.load_pem_private_key
    )
    try:
        return load(data, password=passphrase)
    except TypeError:
        # Raised when a passphrase is missing, and when there is one too many.
        if passphrase is not None:
            return _parse(data, None)
        raise CredentialInvalid(
            "The private key is protected by a passphrase and the credential has none; add it."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        # The library's own message may quote the key: nothing of it is passed on.
        wrong = "its passphrase is wrong, or it" if passphrase else "it"
        raise CredentialInvalid(
            f"The private key cannot be read: {wrong} is damaged or no SSH private key. "
            "Paste it again, whole, from -----BEGIN to END-----."
        ) from None
