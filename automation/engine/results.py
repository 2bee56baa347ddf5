"""The values that come out of running: of a command, an assessment, an execution."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where an execution stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMEOUT = "TIMEOUT"
    ROLLED_BACK = "ROLLED_BACK"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        """Whether the execution has ended; UNKNOWN counts, until the truth is found."""
        return self not in (Status.PENDING, Status.RUNNING)


class Verdict(StrEnum):
    """What the assessments before and after say together."""

    FIXED = "FIXED"
    NOT_FIXED = "NOT_FIXED"
    MADE_WORSE = "MADE_WORSE"
    NOTHING_TO_FIX = "NOTHING_TO_FIX"


class ErrorCode(StrEnum):
    """Why an execution did not succeed, for programs; the message is for people."""

    VALIDATION = "VALIDATION"
    CONNECTION = "CONNECTION"
    AUTHENTICATION = "AUTHENTICATION"
    HOST_KEY = "HOST_KEY"
    SUDO = "SUDO"
    COMMAND_FAILED = "COMMAND_FAILED"
    DANGEROUS_COMMAND = "DANGEROUS_COMMAND"
    TIMEOUT = "TIMEOUT"
    CONNECTION_LOST = "CONNECTION_LOST"
    WORKER_LOST = "WORKER_LOST"
    INTERNAL = "INTERNAL"


class ActionStatus(StrEnum):
    """Where one action (one row of an execution's log) stands."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"
    PLANNED = "PLANNED"
    """A changing action of a dry run: shown as it would be sent, not sent."""
    SKIPPED = "SKIPPED"
    """A step whose condition did not hold."""


class StepType(StrEnum):
    """What kind of action a row of the log records."""

    SSH_COMMAND = "SSH_COMMAND"
    API_CALL = "API_CALL"
    VALIDATION = "VALIDATION"
    SLEEP = "SLEEP"


class CancelOutcome(StrEnum):
    """What became of a command's processes on the server when it was cancelled or timed out."""

    STOPPED = "STOPPED"
    STILL_RUNNING = "STILL_RUNNING"
    UNREACHABLE = "UNREACHABLE"


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """How one command ended, as a step sees it.

    ``stdout`` and ``stderr`` are text (invalid UTF-8 replaced), cut in the middle beyond the
    transport's limit; ``exit_code`` is 0 to 255, 128+n for a command ended by signal n.
    ``planned`` is true where nothing was sent because this is a dry run.
    """

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    planned: bool = False

    @property
    def ok(self) -> bool:
        """Whether the command exited with 0."""
        return self.exit_code == 0


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A runbook's own look at the problem: is the server healthy in the matter it can fix?

    ``values`` are JSON scalars or lists by name, shown side by side before and after;
    ``summary`` is a plain sentence such as "nginx.service is failed".
    """

    healthy: bool
    values: dict[str, Any] = field(default_factory=dict)
    summary: str = ""


def verdict_of(before: Assessment | None, after: Assessment | None) -> Verdict | None:
    """Return what the two looks at the problem say together; ``None`` when one is missing."""
    if before is None or after is None:
        return None
    if before.healthy:
        return Verdict.NOTHING_TO_FIX if after.healthy else Verdict.MADE_WORSE
    return Verdict.FIXED if after.healthy else Verdict.NOT_FIXED


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the executor hands back when an execution has ended."""

    status: Status
    summary: str
    """One sentence for people: what was done, or why not."""
    result: dict[str, Any] = field(default_factory=dict)
    """The runbook's own result, JSON."""
    data: dict[str, Any] = field(default_factory=dict)
    """The context that steps shared, JSON; a later undo reads it."""
    once: dict[str, Any] = field(default_factory=dict)
    """What was made up once for this execution, JSON; another attempt uses it again."""
    warnings: tuple[str, ...] = ()
    """What was not as in the dry run that this run was to repeat, a sentence each."""
    before: Assessment | None = None
    after: Assessment | None = None
    verdict: Verdict | None = None
    error_code: ErrorCode | None = None
    error_message: str = ""
    changed: bool = False
    """Whether a changing command was sent."""
    steps_done: tuple[int, ...] = ()
    """The numbers of the steps that a rollback has to take back: those that ran to their end, and
    one that did not when it had sent a changing command. After a rollback: those still left."""
    cancel_outcome: CancelOutcome | None = None
    """What became of the command that ran when the execution was cancelled or timed out."""
