"""Say whether the audit trail is whole, and where it is not."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from opsmanager.audit import anchors
from opsmanager.audit.verify import Verification, verify


class Command(BaseCommand):
    """Ends with status 0 when it is whole, with 1 when it is not or could not be looked at."""

    help = "Verify every audit event, the chain over them, and the anchors outside"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file of anchors."""
        parser.add_argument(
            "--anchors",
            metavar="FILE",
            help="anchors as they were sent outside, one a line; "
            "by default the file of OPSMANAGER_AUDIT_ANCHOR_FILE",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Verify, and say what was found."""
        try:
            known = anchors.read(options["anchors"]) if options["anchors"] else anchors.kept()
        except anchors.AnchorsUnreadable as problem:
            raise CommandError(str(problem)) from None
        found = verify(anchors=known)
        if found.is_whole:
            self.stdout.write(said(found))
            return
        for each in found.problems:
            self.stdout.write(each.message)
        count = len(found.problems)
        raise CommandError(f"The audit trail is not whole: {count} problem{'s' * (count != 1)}.")


def said(found: Verification) -> str:
    """Return the sentence about a trail that is whole."""
    if found.head is None:
        return "The audit trail is whole: nothing is sealed yet."
    compared = f", compared with {found.anchors} anchors" if found.anchors else ""
    return (
        f"The audit trail is whole: {found.seals} seals, up to event {found.head.last_seq}"
        f"{compared}. Its head is {found.head.chain}."
    )
