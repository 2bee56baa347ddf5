"""The engine's journal for one execution, on top of the process's one."""

from concurrent.futures import Future
from typing import Final

from automation.engine.errors import LeaseLost
from automation.engine.ports import Action, ActionEnd
from automation.engine.results import ActionStatus
from automation.runner.claim import Claim
from automation.runner.journal import Journal
from automation.runner.lease import Lease
from automation.runner.log_row import LogRow

_LIVE_LIMIT: Final = 1024 * 1024
"""Characters a stream that are shown while the command runs; the end brings the tail."""
_ASK_SECONDS: Final = 1.0


class ExecutionJournal:
    """Implements the engine's ``Journal`` for one claimed execution."""

    def __init__(self, *, journal: Journal, claim: Claim, lease: Lease) -> None:
        self._journal = journal
        self._claim = claim
        self._lease = lease
        self._rows: dict[int, LogRow] = {}

    def begin_step(self, *, number: int, total: int, name: str) -> None:
        """Say which step runs now; how many there are is known since the launch."""
        self._journal.step(self._claim, number)

    def begin(self, action: Action) -> None:
        """Record the begin of an action; of a changing one, wait until that is durable."""
        row = self._rows[action.seq] = LogRow(claim=self._claim, action=action)
        if action.changes:
            self._wait(self._journal.promise(row))
        else:
            self._journal.say(row)

    def output(self, action: Action, stream: str, text: str) -> None:
        """Show output while the command runs."""
        row = self._rows[action.seq]
        row.append(stream, text, limit=_LIVE_LIMIT)
        self._journal.say(row)

    def end(self, action: Action, end: ActionEnd) -> None:
        """Record how an action ended."""
        row = self._rows.pop(action.seq)
        row.end(end)
        self._journal.say(row)

    def planned(self, action: Action) -> None:
        """Record what a dry run would have sent."""
        row = LogRow(claim=self._claim, action=action)
        row.end(ActionEnd(status=ActionStatus.PLANNED))
        self._journal.say(row)

    def flush(self) -> None:
        """Wait until all that was said is durable. Raises ``LeaseLost``."""
        self._wait(self._journal.flush(self._claim))

    def _wait(self, future: Future[None]) -> None:
        while True:
            try:
                return future.result(timeout=_ASK_SECONDS)
            except TimeoutError:
                if self._lease.reason() == "LEASE_LOST":
                    raise LeaseLost("The journal could not be written in time.") from None
