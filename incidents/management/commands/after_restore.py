"""Say that the database was restored from a backup, and settle what it held."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from automation.services import restored as executions
from incidents.services import restored as incidents
from opsmanager.accounts import housekeeping
from opsmanager.audit import trail
from opsmanager.common import origin, pulse
from opsmanager.notifications import outbox

_ACTOR: Final = "COMMAND:after_restore"
_UNSENT: Final = (
    "The database was restored from a backup, in which this waited. It may have been sent."
)


class Command(BaseCommand):
    """Settle what a restored database holds as waiting or running: nothing of it is begun.

    Run it after the restore, while web, workers and beat are stopped. Until then workers begin
    nothing in a database that they know to be restored.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how much is to be done."""
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--nothing-was-lost",
            action="store_true",
            help="the database was only moved, all processes stopped: let it go on as it is",
        )
        how.add_argument(
            "--check",
            action="store_true",
            help="only say whether it is to be run; exit code 1 if so",
        )

    def handle(self, *_args: Any, nothing_was_lost: bool, check: bool, **_options: Any) -> None:
        """Settle, or only accept, or only look."""
        if check:
            self._check()
            return
        with transaction.atomic():
            said = [] if nothing_was_lost else _settled()
            pulse.forget_all()
            origin.accept()
            trail.record(
                "DATABASE_MOVED" if nothing_was_lost else "DATABASE_RESTORED",
                actor=_ACTOR,
                message=" ".join(said),
            )
        for sentence in said:
            self.stdout.write(sentence)
        self.stdout.write("This database is the one to work with now. Start workers, beat and web.")

    def _check(self) -> None:
        if origin.is_foreign():
            raise CommandError(
                "This database was restored or copied, and nothing is begun in it. Run manage.py "
                "after_restore; if it was only moved, with --nothing-was-lost."
            )
        self.stdout.write("This database is not known to be restored.")


def _settled() -> list[str]:
    """Settle all, and return what was done in sentences."""
    unsent = outbox.leave_out(_UNSENT)
    alerts = incidents.settle()
    done = executions.settle()
    logins = housekeeping.sign_everybody_out()
    return [
        f"{done.unknown} executions may have run after the backup: UNKNOWN, decide on each.",
        f"{done.cancelled} dry runs and executions that only read were cancelled.",
        f"{done.rollbacks} rollbacks are UNKNOWN.",
        f"{done.workflow_runs} runs of workflows begin nothing more.",
        f"{done.times} times of schedules were left out.",
        f"{alerts.rules} automatic rules only suggest now.",
        f"{alerts.deliveries} deliveries of alerts that waited were left out.",
        f"{unsent} messages that waited are not sent; {logins} logins were ended.",
    ]
