"""One row of the log while its action runs: what the journal writes, as it stands now."""

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from automation.engine.ports import Action, ActionEnd
from automation.engine.results import ActionStatus
from automation.runner.claim import Claim

# NUL and halves of characters are no text for PostgreSQL; runbooks can make them, from JSON say.
_NUL = "\N{SYMBOL FOR NULL}"

COLUMNS = (
    "execution_id",
    "seq",
    "queued_at",
    "action_id",
    "attempt",
    "step_number",
    "step_name",
    "step_type",
    "command",
    "changes",
    "stdout",
    "stderr",
    "exit_code",
    "status",
    "error_message",
    "started_at",
    "finished_at",
)


@dataclass
class LogRow:
    """The row of one action. Threads of the execution change it, the journal's thread reads it."""

    claim: Claim
    action: Action
    status: ActionStatus = ActionStatus.RUNNING
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    error_message: str = ""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    is_inserted: bool = False
    """Touched by the journal's thread only."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def append(self, stream: str, text: str, *, limit: int) -> None:
        """Add output that just came; beyond ``limit`` characters it waits for the end."""
        with self.lock:
            held: str = getattr(self, stream)
            if len(held) < limit:
                setattr(self, stream, held + text[: limit - len(held)])

    def end(self, end: ActionEnd) -> None:
        """Take over how the action ended, its whole output included."""
        with self.lock:
            self.status = end.status
            self.stdout, self.stderr = end.stdout, end.stderr
            self.exit_code = end.exit_code
            self.error_message = end.error_message
            self.finished_at = datetime.now(UTC)

    def values(self) -> tuple[Any, ...]:
        """Return the row as it stands, in the order of :data:`COLUMNS`."""
        with self.lock:
            return (
                self.claim.execution_id,
                self.action.seq,
                self.claim.queued_at,
                self.action.id,
                self.claim.attempt,
                self.action.step_number,
                _storable(self.action.step_name),
                str(self.action.type),
                _storable(self.action.text),
                self.action.changes,
                self.stdout,
                self.stderr,
                self.exit_code,
                str(self.status),
                _storable(self.error_message),
                self.started_at,
                self.finished_at,
            )


def as_jsonb(value: object) -> str:
    """Return JSON that PostgreSQL takes: without NUL and halves of characters.

    Raises ``TypeError`` or ``ValueError`` when it is no JSON.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # A NUL is the one character that is written as an escape and can't be stored.
    parts = text.split("\\\\")
    return (
        "\\\\".join(part.replace("\\u0000", _NUL) for part in parts)
        .encode(errors="replace")
        .decode()
    )


def _storable(text: str) -> str:
    return text.replace("\0", _NUL).encode(errors="replace").decode()
