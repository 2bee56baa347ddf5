"""Seals events into the chain soon after they are committed, by any worker that lives.

Apart from the transactions that write events, which else would have to wait for one another.
"""

import threading
from typing import Final

import structlog
from django.conf import settings
from django.db import Error, connection

log = structlog.get_logger(__name__)

_MOST: Final = 10_000


def seal(*, most: int = _MOST) -> int:
    """Seal all events that are committed, ``most`` of them at a time; return how many.

    Any number of processes may do so at once: the database lets one go after the other.
    """
    total = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT audit_seal_events(%s)", [most])
            sealed = cursor.fetchone()[0]
            if not sealed:
                return total
            total += sealed


class Sealer(threading.Thread):
    """Seals about once a second."""

    def __init__(self) -> None:
        super().__init__(name="sealer", daemon=True)
        self._closing = threading.Event()

    def close(self) -> None:
        """End the thread after what it is doing."""
        self._closing.set()

    def run(self) -> None:
        """Seal until closed, whatever becomes of the database meanwhile."""
        was_failing = False
        while True:
            try:
                seal()
                was_failing = False
            except Error as problem:
                # Said once, not once a second: what waits too long shows in every verification.
                if not was_failing:
                    log.warning("audit events not sealed; trying on", reason=str(problem).strip())
                was_failing = True
            finally:
                connection.close()
            if self._closing.wait(settings.AUDIT_SEAL_SECONDS):
                return
