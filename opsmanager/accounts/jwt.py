"""The public half of the key that signs tokens, for whoever wants to check one."""

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from jwt.algorithms import RSAAlgorithm

from opsmanager.common.problems import Unavailable


@lru_cache(maxsize=1)
def public_jwk() -> dict[str, Any]:
    """Return the public key as a JSON Web Key, its ``kid`` the RFC 7638 thumbprint.

    Raises :class:`Unavailable` in a process that was given no signing key.
    """
    if not settings.JWT_PUBLIC_KEY:
        raise Unavailable("Tokens can't be issued here: set OPSMANAGER_JWT_PRIVATE_KEY.")
    key = load_pem_public_key(settings.JWT_PUBLIC_KEY.encode())
    if not isinstance(key, RSAPublicKey):  # pragma: no cover - settings admit RSA only
        raise Unavailable("OPSMANAGER_JWT_PRIVATE_KEY is no RSA key.")
    numbers = {name: json.loads(RSAAlgorithm.to_jwk(key))[name] for name in ("e", "n")}
    canonical = json.dumps({**numbers, "kty": "RSA"}, separators=(",", ":"), sort_keys=True)
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest())
    kid = thumbprint.decode().rstrip("=")
    return {**numbers, "kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig"}
