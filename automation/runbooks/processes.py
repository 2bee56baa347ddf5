"""A process of a server, told by its pid and start time."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process; ``role`` is "plain", "session" (this ssh session stands on it) or "kernel"."""

    pid: int
    start: int
    """In clock ticks since the server's boot: with the pid, what tells it from all others."""
    uid: str
    user: str
    role: str
    command_line: str
    """Its arguments with a space between, 4096 bytes at most."""
    started_at: str
    """ISO 8601, UTC."""

    @property
    def key(self) -> str:
        """The process as the scripts take it: "pid:start"."""
        return f"{self.pid}:{self.start}"

    def as_json(self) -> dict[str, str | int]:
        """Return it as a result holds it."""
        return {
            "pid": self.pid,
            "user": self.user,
            "startedAt": self.started_at,
            "commandLine": self.command_line,
        }

    def __str__(self) -> str:
        return f"{self.pid} ({self.user}, since {self.started_at}): {self.command_line}"


def processes_in(text: str) -> list[Process]:
    """Return what the script FIND of ``process_scripts`` printed.

    Raises ``ValueError`` where that is something else.
    """
    # A command line may hold characters that splitlines takes for the end of one.
    head, *lines = text.removesuffix("\n").split("\n")
    boot, ticks = map(int, head.split())
    return [_process(line, boot, ticks) for line in lines]


def _process(line: str, boot: int, ticks: int) -> Process:
    pid, start, uid, user, role, command_line = line.split(" ", 5)
    at = datetime.fromtimestamp(boot + int(start) // ticks, UTC)
    return Process(
        pid=int(pid),
        start=int(start),
        uid=uid,
        user=user,
        role=role,
        command_line=command_line.strip(),
        started_at=f"{at:%Y-%m-%dT%H:%M:%SZ}",
    )
