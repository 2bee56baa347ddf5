"""What an earlier attempt did, handed out again so that nothing is done twice.

A runbook whose worker was lost is run again from its first step, but each action that the log
already knows is answered from the log. So it comes to where it was, and goes on from there. That
needs steps which do the same when they are told the same: what differs by itself (a time, a random
name) belongs into :meth:`automation.engine.run.Run.once`.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from automation.engine.errors import ReplayDiverged
from automation.engine.ports import Action
from automation.engine.results import ActionStatus, CommandResult, StepType

_ENDED = (ActionStatus.SUCCESS, ActionStatus.FAILED)


@dataclass(frozen=True, kw_only=True)
class PastAction:
    """One row of the log of the attempt that is gone on with."""

    action: Action
    status: ActionStatus
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    is_masked: bool = False
    """Whether a secret was masked in its output, so that it is not what the step was told then."""

    @property
    def result(self) -> CommandResult | None:
        """How the command ended; ``None`` where nobody saw that."""
        if self.exit_code is None or self.status not in _ENDED:
            return None
        return CommandResult(exit_code=self.exit_code, stdout=self.stdout, stderr=self.stderr)

    @property
    def counts(self) -> bool:
        """Whether it answers for a repetition, or has to be looked after before one.

        What only read and did not end is simply done again; so is what failed before it began.
        """
        if self.action.changes:
            return self.result is not None or self.status is not ActionStatus.FAILED
        if self.action.type in (StepType.SSH_COMMAND, StepType.API_CALL):
            return self.result is not None
        return self.status in (*_ENDED, ActionStatus.SKIPPED)


_Key = tuple[int, StepType, str]


class Past:
    """The actions of the attempt before, each handed out once; safe for threads.

    ``shown`` returns a text as the log shows it, which is how it is recognised there.
    """

    def __init__(
        self, actions: Iterable[PastAction] = (), *, shown: Callable[[str], str] = str
    ) -> None:
        self._shown = shown
        self._left: dict[_Key, deque[PastAction]] = defaultdict(deque)
        self._lock = threading.Lock()
        for past in actions:
            if past.counts:
                done = past.action
                self._left[done.step_number, done.type, done.text].append(past)

    def take(self, step_number: int, kind: StepType, text: str) -> PastAction | None:
        """Return the next action of this step that said the same, if there is one left.

        Raises ``ReplayDiverged`` where the log holds another output than the step was told: a step
        that is told ``***`` would go on with that.
        """
        if not self._left:
            return None
        with self._lock:
            found = self._left.get((step_number, kind, self._shown(text)))
            past = found.popleft() if found else None
        if past is not None and past.is_masked and past.result is not None:
            raise ReplayDiverged(
                f"The log keeps what `{past.action.text}` said without the secrets in it, so it "
                "can't be gone on with after its worker was lost."
            )
        return past

    def change_left(self) -> str:
        """Return the text of a change that was not come across yet; empty without one."""
        with self._lock:
            left = (past.action for found in self._left.values() for past in found)
            return next((action.text for action in left if action.changes), "")
