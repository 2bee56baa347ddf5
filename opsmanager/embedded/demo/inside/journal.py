"""The journal of a world: one file per unit, one line per entry."""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

FOLDER = Path("/var/log/journal")
"""Where ``systemctl`` sends the output of units, as ``<unit>.log``."""

_LINE = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\S+) (?P<who>[^\s:]+): (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the journal."""

    at: datetime | None
    """When, with its time zone; ``None`` for output that a program wrote without a time."""
    who: str
    """Such as ``shop[42]``; empty where unknown."""
    text: str

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line of the file."""
        match = _LINE.fullmatch(line)
        try:
            at = datetime.fromisoformat(match["at"]) if match else None
        except ValueError:
            at = None
        if match is None or at is None:
            return cls(at=None, who="", text=line)
        return cls(at=at, who=match["who"], text=match["text"])

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.who}: {self.text}" if self.at else self.text

    def show(self, output: str) -> str:
        """Return it as ``journalctl -o OUTPUT`` does: ``cat``, ``short`` or ``short-iso``."""
        if output == "cat" or self.at is None:
            return self.text
        local = self.at.astimezone()
        if output.startswith("short-iso"):
            time = local.strftime("%Y-%m-%dT%H:%M:%S%z")
        else:
            time = local.strftime("%b %d %H:%M:%S")
        return f"{time} {socket.gethostname()} {self.who}: {self.text}"


def line(who: str, pid: int, text: str) -> str:
    """Return an entry of now as it stands in the file."""
    return str(Entry(at=datetime.now(UTC), who=f"{who}[{pid}]", text=text))


def append(unit: str, text: str) -> None:
    """Write down what the system itself has to say about a unit."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{unit}.log").open("a", encoding="utf-8") as file:
        file.write(line("systemd", 1, text) + "\n")


def read(unit: str) -> Iterator[Entry]:
    """Yield a unit's entries, oldest first."""
    path = FOLDER / f"{unit}.log"
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                yield Entry.parse(text.rstrip("\n"))


def units() -> list[str]:
    """Return the units that have entries."""
    return sorted(path.name.removesuffix(".log") for path in FOLDER.glob("*.log"))
