"""Say whether the command guard would let a command pass."""

import sys
from argparse import ArgumentParser
from io import TextIOWrapper
from typing import Any

from django.core.management.base import BaseCommand

from automation.engine.guard import weigh


class Command(BaseCommand):
    """The exit code of one command is 0 when it passes, 1 when it is blocked."""

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
            if isinstance(sys.stdin, TextIOWrapper):
                # A byte that is no text must not end the list.
                sys.stdin.reconfigure(errors="replace", newline="\n")
            for line in sys.stdin:
                self._line(line.removesuffix("\n"), changes=changes)
        elif not self._one(options["text"], changes=changes):
            sys.exit(1)

    def _line(self, text: str, *, changes: bool) -> None:
        decision = weigh(text, changes)
        said = "ALLOW" if decision.allowed else "BLOCK"
        self.stdout.write(f"{said}\t{decision.rule}\t{text}")

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
