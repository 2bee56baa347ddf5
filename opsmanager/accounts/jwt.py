"""Tokens as text: signed with the newest of our keys, checked with the one of ours that they name.

A token says by ``kid`` which key signed it, and that is looked for among our own only: what a
token brings along (``jku``, ``x5u``, ``jwk``, another ``alg``) is never used. A key that signs no
longer still checks what it signed, so that keys can be changed without logging anybody out.
"""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from jwt.algorithms import RSAAlgorithm

from opsmanager.common.problems import Unavailable

ALGORITHM = "RS256"
ACCESS, REFRESH = "at+jwt", "rt+jwt"
"""What a token is for, in its header's ``typ``: the first is RFC 9068's."""
CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp")
"""Every token has these, one that lacks any is refused."""
LEEWAY_SECONDS = 2
"""How far the clocks of two web processes may be apart."""


class TokenRefused(Exception):
    """A text is no token of ours, or no longer one. Why is nobody's business."""


def keys() -> Mapping[str, RSAPublicKey]:
    """Return the public keys that check our tokens by their ``kid``, the signing one first.

    A ``kid`` is the key's thumbprint (RFC 7638). Raises :class:`Unavailable` in a process that was
    given no signing key.
    """
    if not settings.JWT_PUBLIC_KEY:
        raise Unavailable("Tokens can't be issued here: set OPSMANAGER_JWT_PRIVATE_KEY.")
    return _keys((settings.JWT_PUBLIC_KEY, *settings.JWT_PREVIOUS_KEYS))


def key_set() -> list[dict[str, Any]]:
    """Return the same keys as JSON Web Keys (RFC 7517)."""
    return [
        {**_numbers(key), "kid": kid, "alg": ALGORITHM, "use": "sig"} for kid, key in keys().items()
    ]


def write(claims: Mapping[str, Any], *, typ: str) -> str:
    """Return the signed token. ``claims`` has all of :data:`CLAIMS` but issuer and audience."""
    kid = next(iter(keys()))
    ours = {"iss": settings.JWT_ISSUER, "aud": settings.JWT_AUDIENCE}
    return jwt.encode(
        {**claims, **ours},
        _signing_key(settings.JWT_PRIVATE_KEY),
        algorithm=ALGORITHM,
        headers={"typ": typ, "kid": kid},
    )


def read(token: str, *, typ: str) -> dict[str, Any]:
    """Return the claims of a token for the purpose ``typ``. Raises :class:`TokenRefused`."""
    digest = _digest(token, typ)
    claims = _CHECKED.get(digest)
    if claims is None or not _is_its_time(claims):
        claims = _read(token, typ)
        if len(_CHECKED) >= _MOST_CHECKED:
            _CHECKED.clear()
        _CHECKED[digest] = claims
    return dict(claims)


_MOST_CHECKED: Final = 1000
_CHECKED: Final[dict[bytes, dict[str, Any]]] = {}
"""The claims of tokens whose signature was checked, by :func:`_digest`.

A client sends the same one for ten minutes, and a signature that was good stays good. Whether it is
still its time, and whether its login has ended, is asked each time.
"""


def _digest(token: str, typ: str) -> bytes:
    """Return what stands for a token and for all that it is checked against.

    So nobody finds tokens in the memory of this process.
    """
    against = (token, typ, *keys(), settings.JWT_AUDIENCE, settings.JWT_ISSUER)
    return hashlib.sha256("\n".join(against).encode("utf-8", "surrogatepass")).digest()


def _is_its_time(claims: Mapping[str, Any]) -> bool:
    now = time.time()
    not_yet, no_longer = int(claims["nbf"]), int(claims["exp"])
    return not_yet <= now + LEEWAY_SECONDS and no_longer > now - LEEWAY_SECONDS


def _read(token: str, typ: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        key = keys().get(header.get("kid", ""))
        if key is None or header.get("typ") != typ:
            raise TokenRefused
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=settings.JWT_AUDIENCE,
            issuer=settings.JWT_ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": list(CLAIMS)},
        )
    except jwt.InvalidTokenError:
        raise TokenRefused from None
    return claims


@lru_cache(maxsize=1)
def _signing_key(pem: str) -> RSAPrivateKey:
    # Once: a key is checked as it is loaded, which takes many times as long as signing with it.
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)  # noqa: S101 - settings admit RSA only
    return key


@lru_cache(maxsize=8)
def _keys(pems: tuple[str, ...]) -> Mapping[str, RSAPublicKey]:
    found = {}
    for pem in pems:
        key = load_pem_public_key(pem.encode())
        assert isinstance(key, RSAPublicKey)  # noqa: S101 - settings admit RSA only
        found[_thumbprint(key)] = key
    return found


def _numbers(key: RSAPublicKey) -> dict[str, str]:
    whole = json.loads(RSAAlgorithm.to_jwk(key))
    return {"kty": "RSA", "e": whole["e"], "n": whole["n"]}


def _thumbprint(key: RSAPublicKey) -> str:
    canonical = json.dumps(_numbers(key), separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
