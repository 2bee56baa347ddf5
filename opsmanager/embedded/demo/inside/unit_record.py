"""What the world's first process knows of units beyond what ``systemctl`` writes down itself."""

import json
import re
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

FOLDER = Path("/run/systemd/units")
UNIT_FOLDER = Path("/etc/systemd/system")
"""Where the administrator's unit files are."""
STATUS_FOLDER = Path("/run")
"""Where the replacement of systemctl keeps a unit's main process, as ``<unit>.status``."""

# What systemd takes for an orderly end.
_CLEAN_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)


@dataclass(frozen=True, kw_only=True)
class UnitRecord:
    """How a unit's main process ended last, and how often it was started again by itself."""

    pid: int = 0
    code: int = 0
    """Exit status, or minus the signal."""
    restarts: int = 0
    waiting: bool = False
    """Whether it is about to be started again."""

    @property
    def failed(self) -> bool:
        """Whether the end was no orderly one."""
        return self.code > 0 or (self.code < 0 and -self.code not in _CLEAN_SIGNALS)

    @property
    def result(self) -> str:
        """The end in systemd's word."""
        if not self.failed:
            return "success"
        return "signal" if self.code < 0 else "exit-code"

    @property
    def ending(self) -> str:
        """The end in the journal's words."""
        if self.code < 0:
            return f"code=killed, status={-self.code}/{signal.Signals(-self.code).name[3:]}"
        return f"code=exited, status={self.code}/{'FAILURE' if self.code else 'SUCCESS'}"

    @classmethod
    def read(cls, unit: str) -> Self:
        """Return the record of a unit; an empty one where there is none."""
        try:
            return cls(**json.loads(_path(unit).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return cls()

    def write(self, unit: str) -> None:
        """Keep it."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        _path(unit).write_text(json.dumps(asdict(self)), encoding="utf-8")


def forget(unit: str) -> None:
    """Drop the record of a unit."""
    _path(unit).unlink(missing_ok=True)


def _path(unit: str) -> Path:
    return FOLDER / f"{unit}.json"


class Job:
    """A mark that somebody is stopping or starting a unit, so that its end is no accident."""

    def __init__(self, unit: str) -> None:
        self._mark = FOLDER / f"{unit}.job"

    def __enter__(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._mark.touch()

    def __exit__(self, *_: object) -> None:
        self._mark.unlink(missing_ok=True)

    @property
    def is_running(self) -> bool:
        """Whether the mark is set."""
        return self._mark.exists()


def unit_of(pid: int) -> str | None:
    """Return the unit whose main process this is, or was last."""
    for path in STATUS_FOLDER.glob("*.service.status"):
        with suppress(OSError):
            if re.search(rf"^MainPID={pid}$", path.read_text(encoding="utf-8"), re.MULTILINE):
                return path.name.removesuffix(".status")
    return None


def forget_main_process(unit: str) -> None:
    """Let the unit be inactive."""
    (STATUS_FOLDER / f"{unit}.status").unlink(missing_ok=True)
