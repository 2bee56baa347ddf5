"""Locks secrets that the web process itself must read, with a key derived from SECRET_KEY.

What only workers need is sealed by :mod:`opsmanager.common.vault` instead, which the web can't
open. A locked text is libsodium's secret box (XSalsa20-Poly1305). Its key is bound to a purpose
that names row and field, so a text that was copied to another place does not open there.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

_VERSION: Final = "k1"


class SecretLocked(Exception):
    """A locked secret can't be opened; the message says what to do, never the secret."""


def lock(value: str, *, purpose: str) -> str:
    """Return ``value`` encrypted for this purpose, as ``k1:<base64>``."""
    box = SecretBox(_key(settings.SECRET_KEY, purpose)).encrypt(value.encode())
    return f"{_VERSION}:{base64.b64encode(box).decode()}"


def unlock(locked: str, *, purpose: str) -> str:
    """Return what was locked for this purpose, also with a key of SECRET_KEY_FALLBACKS.

    Raises :class:`SecretLocked`.
    """
    version, _, text = locked.partition(":")
    try:
        box = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        box = b""
    if version != _VERSION or not box:
        raise SecretLocked("The secret is not in a form known here. Enter it again.")
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return SecretBox(_key(key, purpose)).decrypt(box).decode()
        except (CryptoError, ValueError):
            continue
    raise SecretLocked(
        "The secret was encrypted with another SECRET_KEY, or altered. Start OpsManager with the "
        "SECRET_KEY of before, or make a new secret."
    )


def _key(secret_key: str | bytes, purpose: str) -> bytes:
    key = secret_key.encode() if isinstance(secret_key, str) else secret_key
    return hmac.new(key, b"opsmanager.locked.1:" + purpose.encode(), hashlib.sha256).digest()
