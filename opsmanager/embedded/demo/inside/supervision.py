"""Notices how units end, writes it down as systemd does, and starts again those that want it."""

import configparser
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from opsmanager.embedded.demo.inside import journal, unit_record
from opsmanager.embedded.demo.inside.unit_record import (
    Job,
    UnitRecord,
    forget_main_process,
    unit_of,
)


class Supervisor:
    """Keeps the records of the units. ``start`` starts a unit without waiting for it."""

    def __init__(self, *, start: Callable[[str], None]) -> None:
        self._start = start
        self._due: dict[str, float] = {}

    def note_end(self, pid: int, code: int) -> None:
        """Take in that a process ended that may have been a unit's main process."""
        unit = unit_of(pid)
        if unit is None or Job(unit).is_running:
            return
        record = replace(UnitRecord.read(unit), pid=pid, code=code, waiting=False)
        # A full disk costs the entry, not the supervision.
        with suppress(OSError):
            journal.append(unit, f"{unit}: Main process exited, {record.ending}")
            if record.failed:
                journal.append(unit, f"{unit}: Failed with result '{record.result}'.")
        if not record.failed:
            forget_main_process(unit)
        policy, delay = _restart_policy(unit)
        if policy == "always" or (policy == "on-failure" and record.failed):
            record = replace(record, waiting=True, restarts=record.restarts + 1)
            self._due[unit] = time.monotonic() + delay
        record.write(unit)

    def look(self) -> None:
        """Start again whatever has waited long enough and has not been told otherwise."""
        now = time.monotonic()
        for unit in [unit for unit, due in self._due.items() if due <= now]:
            del self._due[unit]
            record = UnitRecord.read(unit)
            if record.waiting:
                with suppress(OSError):
                    text = (
                        f"{unit}: Scheduled restart job, restart counter is at {record.restarts}."
                    )
                    journal.append(unit, text)
                self._start(unit)


def _restart_policy(unit: str) -> tuple[str, float]:
    """Return ``Restart=`` and the seconds of ``RestartSec=``."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(unit_record.UNIT_FOLDER / unit, encoding="utf-8")
    service = parser["Service"] if parser.has_section("Service") else {}
    return service.get("Restart", "no"), float(service.get("RestartSec", "0.1").removesuffix("s"))
