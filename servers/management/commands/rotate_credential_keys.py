"""Change the keys that seal credentials."""

import base64
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from nacl.public import PrivateKey

from opsmanager.common.problems import Problem
from servers.services import key_rotation

PUBLIC_FILE: Final = "credential_public_key"
PRIVATE_FILE: Final = "credential_private_key"


class Command(BaseCommand):
    """Seal every secret anew with the key in OPSMANAGER_CREDENTIAL_PUBLIC_KEY.

    Run it where workers run: it needs OPSMANAGER_CREDENTIAL_PRIVATE_KEYS, the old ones and the new
    one. Exit code 1 when a secret could not be opened; the others are sealed anew all the same.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what else it can do."""
        parser.add_argument(
            "--dry-run", action="store_true", help="only count what would be sealed anew"
        )
        parser.add_argument(
            "--make-pair",
            type=Path,
            metavar="FOLDER",
            help=f"make a new key pair: the files {PRIVATE_FILE} and {PUBLIC_FILE} in FOLDER",
        )

    def handle(self, *_args: Any, dry_run: bool, make_pair: Path | None, **_options: Any) -> None:
        """Make a pair, or seal anew."""
        if make_pair is not None:
            self._make_pair(make_pair)
            return
        if not settings.CREDENTIAL_PRIVATE_KEYS:
            raise CommandError(
                "OPSMANAGER_CREDENTIAL_PRIVATE_KEYS is not set here, so nothing can be opened. Run "
                "this where workers run, with their environment."
            )
        try:
            done = key_rotation.rotate(actor="COMMAND:rotate_credential_keys", is_rehearsal=dry_run)
        except Problem as problem:
            raise CommandError(problem.message) from problem
        verb = "would be sealed anew" if dry_run else "sealed anew"
        self.stdout.write(f"{done.resealed} {verb}, {done.current} were so already.")
        for sentence in done.unreadable:
            self.stderr.write(sentence)
        if done.unreadable:
            raise CommandError(
                f"{len(done.unreadable)} could not be opened and were left as they are. Keep the "
                "old private keys until these are mended or entered anew."
            )
        if not dry_run:
            self.stdout.write(
                "The old private keys can leave OPSMANAGER_CREDENTIAL_PRIVATE_KEYS now; keep them "
                "as long as backups from before are kept."
            )

    def _make_pair(self, folder: Path) -> None:
        private = PrivateKey.generate()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, raw in ((PRIVATE_FILE, private), (PUBLIC_FILE, private.public_key)):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                with os.fdopen(os.open(folder / name, flags, 0o600), "w") as file:
                    file.write(base64.b64encode(bytes(raw)).decode() + "\n")
        except FileExistsError as problem:
            raise CommandError(
                f"{problem.filename} exists already. Name another folder; keys are not overwritten."
            ) from problem
        except OSError as problem:
            raise CommandError(f"Can't write in {folder}: {problem.strerror}.") from problem
        self.stdout.write(
            f"Made {folder / PRIVATE_FILE} and {folder / PUBLIC_FILE}. Put the private key first "
            "into OPSMANAGER_CREDENTIAL_PRIVATE_KEYS of the workers and start them anew; then set "
            "OPSMANAGER_CREDENTIAL_PUBLIC_KEY everywhere; then call this command without options."
        )
