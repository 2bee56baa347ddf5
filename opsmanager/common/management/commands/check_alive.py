"""`manage.py check_alive worker`: what a container's health check asks."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opsmanager.common import pulse


class Command(BaseCommand):
    """Ends with status 0 where a process has shown lately that it lives, and 1 where none has."""

    help = (
        "End with status 0 if a worker of this machine, or beat, has shown lately that it lives. "
        "Beat's life is noted by a worker: it is only seen where one runs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the kind of process."""
        parser.add_argument("kind", choices=sorted(pulse.SILENT_AFTER))

    def handle(self, *_: Any, kind: str, **__: Any) -> None:
        """Look for its heartbeat. Raises :class:`CommandError` where there is none."""
        beats = pulse.processes().filter(kind=kind)
        if kind == "worker":
            beats = beats.filter(name__startswith=f"{socket.gethostname()}:")
        if not any(pulse.is_alive(beat) for beat in beats):
            raise CommandError(f"No {kind} has been seen lately here. Its log says why.")
