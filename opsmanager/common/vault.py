"""Seals secrets with libsodium: web can seal and not open, workers can open.

A sealed text is a libsodium sealed box (X25519, XSalsa20-Poly1305) of a JSON object which names the
row and the field it belongs to, so that a text copied to another place does not open there.
"""

import base64
import binascii
import hashlib
import json
from typing import Final

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from opsmanager.common.problems import Unavailable

_VERSION: Final = "v1"


class SecretUnreadable(Exception):
    """A sealed secret can't be opened; the message says which and what to do, never the secret."""


def seal(value: str, *, row: str, field: str) -> str:
    """Return ``value`` sealed for this row and field, as ``v1:<key id>:<base64>``.

    Raises :class:`Unavailable` when OPSMANAGER_CREDENTIAL_PUBLIC_KEY is missing or no key.
    """
    public = _public_key()
    text = json.dumps({"row": row, "field": field, "value": value})
    box = SealedBox(public).encrypt(text.encode())
    return f"{_VERSION}:{key_id(public)}:{base64.b64encode(box).decode()}"


def open_sealed(sealed: str, *, row: str, field: str) -> str:
    """Return what was sealed for this row and field. Raises :class:`SecretUnreadable`."""
    version, _, rest = sealed.partition(":")
    wanted, _, box = rest.partition(":")
    if version != _VERSION or not box:
        raise SecretUnreadable(f"The secret {field} of {row} is not in a form known here.")
    private = _private_keys().get(wanted)
    if private is None:
        raise SecretUnreadable(
            f"This process has no private key {wanted}, with which the secret {field} was sealed. "
            "Only workers can open secrets: check OPSMANAGER_CREDENTIAL_PRIVATE_KEYS there."
        )
    try:
        content = json.loads(SealedBox(private).decrypt(base64.b64decode(box, validate=True)))
        place, value = (content["row"], content["field"]), str(content["value"])
    except (ValueError, KeyError, TypeError, CryptoError) as problem:
        raise SecretUnreadable(
            f"The secret {field} of {row} was damaged or altered. Enter it again."
        ) from problem
    if place != (row, field):
        raise SecretUnreadable(
            f"The secret found as {field} of {row} was sealed for another place. Enter it again."
        )
    return value


def resealed(sealed: str, *, row: str, field: str) -> str:
    """Return the text as it is if the public key of today sealed it, else sealed anew with that.

    Raises :class:`SecretUnreadable`, and :class:`Unavailable` without a public key.
    """
    if key_of(sealed) == key_id(_public_key()):
        return sealed
    return seal(open_sealed(sealed, row=row, field=field), row=row, field=field)


def key_of(sealed: str) -> str:
    """Return the short name of the key pair that a text was sealed with; empty for another text."""
    version, _, rest = sealed.partition(":")
    return rest.partition(":")[0] if version == _VERSION else ""


def key_id(public: PublicKey) -> str:
    """Return the short name of a key pair."""
    return hashlib.sha256(bytes(public)).hexdigest()[:12]


def _public_key() -> PublicKey:
    try:
        return PublicKey(base64.b64decode(settings.CREDENTIAL_PUBLIC_KEY, validate=True))
    except (ValueError, TypeError, binascii.Error, CryptoError) as problem:
        raise Unavailable(
            "Secrets can't be kept: OPSMANAGER_CREDENTIAL_PUBLIC_KEY is missing or is no key of "
            "32 bytes in base64. An administrator must set it."
        ) from problem


def _private_keys() -> dict[str, PrivateKey]:
    keys = {}
    for text in settings.CREDENTIAL_PRIVATE_KEYS:
        try:
            key = PrivateKey(base64.b64decode(text, validate=True))
        except (ValueError, TypeError, CryptoError) as problem:
            raise SecretUnreadable(
                "OPSMANAGER_CREDENTIAL_PRIVATE_KEYS holds something that is no key of 32 bytes in "
                "base64. An administrator must mend it."
            ) from problem
        keys[key_id(key.public_key)] = key
    return keys
