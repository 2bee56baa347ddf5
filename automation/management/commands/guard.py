"""Say whether the command guard would let a command pass."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from automation.engine.guard import weigh


class Command(BaseCommand):
    """The exit code is 0 when each command passes, 1 when one is blocked."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the command as one word."""
        parser.add_argument("text", metavar="command", help="one word; - reads one a line")
        parser.add_argument(
            "--reading", action="store_true", help="weigh it as one that must change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Weigh the command, or each line of the input."""
        changes = not options["reading"]
        if options["text"] == "-":
            passed = [self._line(line.rstrip("\n"), changes=changes) for line in sys.stdin]
        else:
            passed = [self._one(options["text"], changes=changes)]
        if not all(passed):
            sys.exit(1)

    def _line(self, text: str, *, changes: bool) -> bool:
        decision = weigh(text, changes)
        said = "ALLOW" if decision.allowed else "BLOCK"
        self.stdout.write(f"{said}\t{decision.rule}\t{text}")
        return decision.allowed

    def _one(self, text: str, *, changes: bool) -> bool:
        decision = weigh(text, changes)
        if decision.allowed:
            self.stdout.write("ALLOW")
        else:
            self.stdout.write(
                f"BLOCK {decision.rule} ({decision.severity}): {decision.explanation}\n"
                f"  {decision.part}"
            )
        return decision.allowed
