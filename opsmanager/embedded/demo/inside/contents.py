"""What a world holds when it begins, as its first process is told."""

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

_WANTED = Path("/etc/systemd/system/multi-user.target.wants")


@dataclass(frozen=True, kw_only=True)
class LogFile:
    """An old log file, big enough to be worth cleaning."""

    path: str
    kilobytes: int
    age_days: int
    line: str
    """Repeated with a growing number."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Files by path, log files, and units: which are started, which are then found dead."""

    files: dict[str, str]
    logs: tuple[LogFile, ...] = ()
    units: tuple[str, ...] = ()
    killed: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return it for a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return cls(
            files=fields["files"],
            logs=tuple(LogFile(**log) for log in fields["logs"]),
            units=tuple(fields["units"]),
            killed=tuple(fields["killed"]),
        )


def lay_out(contents: Contents) -> None:
    """Write the files."""
    for name, text in contents.files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for unit in contents.units:
        _WANTED.mkdir(parents=True, exist_ok=True)
        (_WANTED / unit).symlink_to(f"../{unit}")
    for log in contents.logs:
        _write_log(log)


def _write_log(log: LogFile) -> None:
    path = Path(log.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = time.time() - log.age_days * 86_400
    # A log may fill its disk: that is what some of them are for.
    with suppress(OSError), path.open("w", encoding="utf-8") as file:
        size, number = log.kilobytes * 1024, 0
        while size > 0:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(written - size / 100))
            size -= file.write("".join(f"{stamp} {log.line} #{number + n}\n" for n in range(200)))
            number += 200
    os.utime(path, (written, written))
