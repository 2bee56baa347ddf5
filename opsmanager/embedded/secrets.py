"""The secrets of one installation, made once and handed to processes as files."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from nacl.public import PrivateKey

from opsmanager.embedded.errors import SecretsError

SECRET_KEY = "SECRET_KEY"  # noqa: S105  (a variable's name)
PUBLIC_KEY = "OPSMANAGER_CREDENTIAL_PUBLIC_KEY"
PRIVATE_KEYS = "OPSMANAGER_CREDENTIAL_PRIVATE_KEYS"
OWNER_URL = "DATABASE_OWNER_URL"
JWT_KEY = "OPSMANAGER_JWT_PRIVATE_KEY"
JWT_PREVIOUS_KEYS = "OPSMANAGER_JWT_PREVIOUS_KEYS"
ADMIN_PASSWORD = "OPSMANAGER_ADMIN_PASSWORD"  # noqa: S105  (a variable's name)

JWT_KEY_BITS = 3072


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """An installation's secrets: the operator's own where the environment has them, else made here.

    `environ` is the environment OpsManager was started with, `folder` holds what was generated.
    """

    folder: Path
    environ: Mapping[str, str]

    def create(self) -> None:
        """Make what is missing.

        Raises SecretsError when half of the credential key pair is missing.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self._keep(SECRET_KEY, lambda: secrets.token_urlsafe(50))
        self._keep(JWT_KEY, _jwt_key)
        self._keep(JWT_PREVIOUS_KEYS, str)  # empty, until `rotate_token_key` fills it
        self._keep_credential_keys()

    def password(self, name: str) -> str:
        """Return the password kept under `name`, made on the first call."""
        self._keep(name, lambda: secrets.token_urlsafe(24))
        return self._file(name).read_text()

    def for_web(self) -> dict[str, str]:
        """Variables for processes that seal credentials and sign tokens, but open no credential."""
        return self._variables(SECRET_KEY, PUBLIC_KEY, JWT_KEY, JWT_PREVIOUS_KEYS)

    def for_worker(self) -> dict[str, str]:
        """Variables for workers: the only ones who open credentials, and they sign no token."""
        return self._variables(SECRET_KEY, PUBLIC_KEY, PRIVATE_KEYS)

    def for_beat(self) -> dict[str, str]:
        """Variables for beat, which neither seals nor opens nor signs."""
        return self._variables(SECRET_KEY)

    def for_tests(self) -> dict[str, str]:
        """Every variable: a test plays all the parts in one process."""
        return self.for_web() | self.for_worker()

    def _variables(self, *names: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names:
            file = self.environ.get(f"{name}_FILE")
            if self.environ.get(name) and not file:
                found[name] = self.environ[name]
            else:
                found[f"{name}_FILE"] = file or str(self._file(name))
        return found

    def _keep_credential_keys(self) -> None:
        given = [name for name in (PUBLIC_KEY, PRIVATE_KEYS) if self._is_given(name)]
        if len(given) == 1:
            raise SecretsError(
                f"{given[0]} is set without its other half. "
                f"Set both {PUBLIC_KEY} and {PRIVATE_KEYS}, or neither."
            )
        if given:
            return
        public, private = self._file(PUBLIC_KEY), self._file(PRIVATE_KEYS)
        if public.exists() and not private.exists():
            raise SecretsError(
                f"{private} is gone, and without it no stored credential can be opened. "
                f"Put it back from a backup, or remove {public} too and enter all credentials anew."
            )
        self._keep(PRIVATE_KEYS, lambda: _base64(bytes(PrivateKey.generate())))
        newest = base64.b64decode(private.read_text().split(",")[0])
        self._keep(PUBLIC_KEY, lambda: _base64(bytes(PrivateKey(newest).public_key)))

    def _keep(self, name: str, make: Callable[[], str]) -> None:
        target = self._file(name)
        if self._is_given(name) or target.exists():
            return
        # A file that is there is whole: a start killed half-way must not leave half a key.
        draft = target.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)

    def _is_given(self, name: str) -> bool:
        return bool(self.environ.get(name) or self.environ.get(f"{name}_FILE"))

    def _file(self, name: str) -> Path:
        return self.folder / name.lower()


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without the variables that only some processes may see."""
    secret = (
        SECRET_KEY,
        PUBLIC_KEY,
        PRIVATE_KEYS,
        JWT_KEY,
        JWT_PREVIOUS_KEYS,
        ADMIN_PASSWORD,
        OWNER_URL,
    )
    hidden = {*secret, *(f"{name}_FILE" for name in secret)}
    return {name: value for name, value in environ.items() if name not in hidden}


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _jwt_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=JWT_KEY_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
