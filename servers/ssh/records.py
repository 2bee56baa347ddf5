"""Reads the record that a server keeps of changing commands: what happened while nobody looked."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from servers.ssh import script
from servers.ssh.errors import RecordUnavailable
from servers.ssh.session import Session


class RecordState(StrEnum):
    """What a server knows of one action."""

    NOT_STARTED = "NOT_STARTED"
    """No record: it certainly was not started there."""
    RUNNING = "RUNNING"
    """Started, and its session lives."""
    ENDED = "ENDED"
    """Ended, with the exit code that stands in the record."""
    LOST = "LOST"
    """Started, and it left no exit code: the server went down, or it was killed with its shell."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One action's record."""

    state: RecordState
    session_id: int | None = None
    """Of a RUNNING one: its session on the server."""
    exit_code: int | None = None
    """Of an ENDED one: 0 to 255, 128+n for signal n."""


def read_record(session: Session, action_id: UUID) -> Record:
    """Return what the server knows of an action that was sent as recorded.

    Raises ``RecordUnavailable`` when the server gives no answer that makes sense, and ``SshError``.
    """
    answer = session.ask(script.call("record", str(action_id)))
    match answer.stdout.split():
        case ["not-started"]:
            return Record(state=RecordState.NOT_STARTED)
        case ["running", session_id]:
            return Record(state=RecordState.RUNNING, session_id=int(session_id))
        case ["ended", code]:
            return Record(state=RecordState.ENDED, exit_code=int(code))
        case ["lost"]:
            return Record(state=RecordState.LOST)
    raise RecordUnavailable(
        f"{session.target.name} did not say what it knows of the action {action_id}: "
        f"{(answer.stderr or answer.stdout).strip()[-500:] or 'it said nothing'}. Look there."
    )


def prune_records(session: Session, *, older_than_days: int = 7) -> int:
    """Remove old records and return how many. Raises ``SshError``."""
    answer = session.ask(script.call("prune", str(older_than_days)))
    return int(answer.stdout or 0)
