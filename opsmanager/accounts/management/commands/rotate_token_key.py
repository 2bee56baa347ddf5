"""Change the key that signs tokens, without logging anybody out."""

import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

BITS = 3072
KEPT = 3
SIGNING, PREVIOUS = "OPSMANAGER_JWT_PRIVATE_KEY_FILE", "OPSMANAGER_JWT_PREVIOUS_KEYS_FILE"


class Command(BaseCommand):
    """Make a new key, and keep the old one's public half, which checks what it signed."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Write both files; web reads them at its next start."""
        signing, previous = (os.environ.get(name, "") for name in (SIGNING, PREVIOUS))
        if not signing or not previous or not settings.JWT_PUBLIC_KEY:
            raise CommandError(
                f"Keys can be changed here only where both are files: set {SIGNING} and "
                f"{PREVIOUS}. The configuration page of the manual says how to do it by hand."
            )
        kept = [settings.JWT_PUBLIC_KEY, *settings.JWT_PREVIOUS_KEYS][:KEPT]
        # In this order: if this is cut off in between, the old key still signs and checks.
        _write(Path(previous), "".join(kept))
        _write(Path(signing), _new_key())
        days = settings.JWT_REFRESH_LIFETIME.days
        self.stdout.write(
            f"There is a new key in {signing}. Restart web, which signs with the old one until "
            f"then. Tokens of the old key are good until they expire, after {days} day at most."
        )


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _write(target: Path, text: str) -> None:
    """Put a whole file in place of the old one, readable by its owner only."""
    draft = target.with_name(f"{target.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as problem:
        raise CommandError(f"{target} can't be written: {problem.strerror}.") from None
