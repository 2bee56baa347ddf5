"""Write one month of the audit trail into a file."""

import re
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from opsmanager.audit.export import export


class Command(BaseCommand):
    """A line of JSON for each event, and the SHA-256 of the file beside it."""

    help = "Export the audit events of a month (2026-07) into a file, one line of JSON each"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take month and file."""
        parser.add_argument("month", help="such as 2026-07")
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Export."""
        match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", options["month"])
        if not match:
            raise CommandError(f"{options['month']} is no month. Write it like 2026-07.")
        path: Path = options["file"]
        try:
            count, digest = export(date(int(match[1]), int(match[2]), 1), path)
        except OSError as problem:
            raise CommandError(f"{path} can't be written: {problem.strerror}.") from None
        self.stdout.write(f"{count} events of {options['month']} in {path}, SHA-256 {digest}.")
