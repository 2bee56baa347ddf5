"""How a command that was told to stop ended: the value, apart from the work."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What is left on the server of a command that was told to stop."""

    STOPPED = "STOPPED"
    """Looked for, and nothing is left."""
    STILL_RUNNING = "STILL_RUNNING"
    """Something survived SIGKILL or may not be killed by this login."""
    UNREACHABLE = "UNREACHABLE"
    """The server could not be asked."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What became of a command's processes."""

    outcome: Outcome
    pids: tuple[int, ...] = ()
    """The survivors, where the outcome is STILL_RUNNING."""
