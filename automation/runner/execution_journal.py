"""The engine's journal for one execution, on top of the process's one."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Final

from automation.engine.errors import LeaseLost
from automation.engine.ports import Action, ActionEnd
from automation.engine.results import ActionStatus
from automation.runner.claim import Claim
from automation.runner.journal import Journal
from automation.runner.lease import Lease
from automation.runner.log_row import LogRow, as_jsonb
from automation.runner.masking import Masking
from opsmanager.common.redact import Stream

_LIVE_LIMIT: Final = 1024 * 1024
"""Characters a stream that are shown while the command runs; the end brings the tail."""
_ASK_SECONDS: Final = 1.0


class ExecutionJournal:
    """Implements the engine's ``Journal`` for one claimed execution; masks all that it is told."""

    def __init__(self, *, journal: Journal, claim: Claim, lease: Lease, masking: Masking) -> None:
        self._journal = journal
        self._claim = claim
        self._lease = lease
        self._masking = masking
        self._rows: dict[int, LogRow] = {}
        self._streams: dict[tuple[int, str], Stream] = {}
        self._kept = ""

    def begin_step(self, *, number: int, total: int, name: str) -> None:
        """Say which step runs now; how many there are is known since the launch."""
        self._journal.step(self._claim, number)

    def begin(self, action: Action) -> None:
        """Record the begin of an action; of a changing one, wait until that is durable."""
        row = self._rows[action.seq] = self._row(action)
        if action.changes:
            self._wait(self._journal.promise(row))
        else:
            self._journal.say(row)

    def output(self, action: Action, stream: str, text: str) -> None:
        """Show output while the command runs, so far as it can't become a secret any more."""
        key = (action.seq, stream)
        if key not in self._streams:
            self._streams[key] = self._masking.stream()
        shown = self._streams[key].feed(text)
        if shown:
            row = self._rows[action.seq]
            row.append(stream, shown, limit=_LIVE_LIMIT)
            self._journal.say(row)

    def end(self, action: Action, end: ActionEnd) -> None:
        """Record how an action ended."""
        row = self._rows.pop(action.seq)
        for stream in ("stdout", "stderr"):
            self._streams.pop((action.seq, stream), None)
        row.end(
            replace(
                end,
                stdout=self._masking.text(end.stdout),
                stderr=self._masking.text(end.stderr),
                error_message=self._masking.sentence(end.error_message),
            )
        )
        self._journal.say(row)

    def reopen(self, action: Action) -> None:
        """Go on with the row of an earlier attempt, which the server is asked about."""
        row = self._row(action, is_inserted=True)
        self._rows[action.seq] = row
        self._wait(self._journal.promise(row))

    def planned(self, action: Action) -> None:
        """Record what a dry run would have sent."""
        self._pass_over(action, ActionStatus.PLANNED)

    def skipped(self, action: Action) -> None:
        """Record a step that is left out."""
        self._pass_over(action, ActionStatus.SKIPPED)

    def keep(
        self, *, data: Mapping[str, Any], once: Mapping[str, Any], steps_done: Sequence[int]
    ) -> None:
        """Keep what the steps share, if it has changed."""
        shared = self._masking.value({"data": data, "once": once})
        kept = as_jsonb({**shared, "stepsDone": list(steps_done)})
        if kept != self._kept:
            self._kept = kept
            self._journal.keep(self._claim, kept)

    def flush(self) -> None:
        """Wait until all that was said is durable. Raises ``LeaseLost``."""
        self._wait(self._journal.flush(self._claim))

    def _pass_over(self, action: Action, status: ActionStatus) -> None:
        row = self._row(action)
        row.end(ActionEnd(status=status))
        self._journal.say(row)

    def _row(self, action: Action, *, is_inserted: bool = False) -> LogRow:
        shown = replace(
            action,
            text=self._masking.text(action.text),
            step_name=self._masking.sentence(action.step_name),
        )
        return LogRow(claim=self._claim, action=shown, is_inserted=is_inserted)

    def _wait(self, future: Future[None]) -> None:
        while True:
            try:
                return future.result(timeout=_ASK_SECONDS)
            except TimeoutError:
                if self._lease.reason() == "LEASE_LOST":
                    raise LeaseLost("The journal could not be written in time.") from None
