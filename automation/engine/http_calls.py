"""Sends the HTTP calls of one execution and tells journal and context how they ended."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from automation.engine.context import Context
from automation.engine.errors import (
    AddressRefused,
    CommandFailed,
    CommandTimedOut,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    LeaseLost,
    WebUnreachable,
)
from automation.engine.http import HttpAnswer, HttpClient, HttpRequest
from automation.engine.past import PastAction
from automation.engine.ports import Action, ActionEnd, Journal
from automation.engine.results import ActionStatus
from automation.engine.sending import stopped_status

LATER: Final = "This can be judged only after the change."

_NOTHING_SENT = (AddressRefused, WebUnreachable)
_NO_ANSWER = (WebUnreachable, ConnectionLost, CommandTimedOut)
_SHOWN: Final = 200


class HttpCalls:
    """Sends calls whose begin the journal knows, from any of the execution's threads."""

    def __init__(self, *, client: HttpClient, journal: Journal, context: Context) -> None:
        self._client = client
        self._journal = journal
        self._context = context

    def send(
        self, request: HttpRequest, action: Action, timeout: float, *, ok: Collection[int] | None
    ) -> HttpAnswer:
        """Send it and record how it ended.

        Raises ``CommandFailed`` for a status that is not in ``ok`` (``None`` takes each), and what
        the client raises. After a planned change no call is judged.
        """
        try:
            answer = self._client.send(request, timeout=timeout)
        except LeaseLost:
            if action.changes:
                self._context.changed_steps.add(action.step_number)
            raise
        except Exception as error:
            if self._context.planned and isinstance(error, _NO_ANSWER):
                end = ActionEnd(status=ActionStatus.SUCCESS, error_message=LATER)
                self._journal.end(action, end)
                return HttpAnswer(status=0, planned=True)
            self._note_failure(action, error)
            raise
        if action.changes:
            self._context.changed_steps.add(action.step_number)
        return self._judged(action, answer, ok)

    def repeated(self, past: PastAction, *, ok: Collection[int] | None) -> HttpAnswer:
        """Return what the log says that a call before was answered, judged as it was then.

        The header fields are not kept. Of a change whose answer nobody saw nobody can ask: raises
        ``ConnectionLost``.
        """
        action = past.action
        if action.changes:
            self._context.changed_steps.add(action.step_number)
        if past.result is None:
            lost = ConnectionLost(
                f"The worker was lost before `{action.text}` was answered; it is not sent twice."
            )
            self._journal.reopen(action)
            self._note_failure(action, lost)
            raise lost
        answer = HttpAnswer(status=past.result.exit_code, text=past.result.stdout)
        if ok is not None and answer.status not in ok:
            raise CommandFailed(_failure(action.text, answer))
        return answer

    def _note_failure(self, action: Action, error: Exception) -> None:
        """Record a call without answer; what may have arrived counts as arrived."""
        if action.changes and not isinstance(error, _NOTHING_SENT):
            self._context.changed_steps.add(action.step_number)
        status = _status_of(error, changes=action.changes)
        if status is ActionStatus.UNKNOWN:
            self._context.lost_command = action.text
        known = isinstance(error, EngineError)
        message = str(error) if known else "Something inside OpsManager failed."
        self._journal.end(action, ActionEnd(status=status, error_message=message))

    def _judged(self, action: Action, answer: HttpAnswer, ok: Collection[int] | None) -> HttpAnswer:
        accepted = ok is None or answer.status in ok
        later = not accepted and bool(self._context.planned)
        message = "" if accepted else _failure(action.text, answer)
        self._journal.end(
            action,
            ActionEnd(
                status=ActionStatus.SUCCESS if accepted or later else ActionStatus.FAILED,
                stdout=answer.text,
                exit_code=answer.status,
                error_message=LATER if later else message,
            ),
        )
        if message and not later:
            raise CommandFailed(message)
        return answer


def planned_answer(ok: Collection[int] | None) -> HttpAnswer:
    """Return what stands for the answer of a call that a dry run leaves out."""
    return HttpAnswer(status=min(ok or (), default=200), planned=True)


def _status_of(error: Exception, *, changes: bool) -> ActionStatus:
    if isinstance(error, ExecutionStopped):
        return stopped_status(error.reason)
    if isinstance(error, CommandTimedOut):
        return ActionStatus.TIMEOUT
    unseen = isinstance(error, ConnectionLost) or not isinstance(error, EngineError)
    return ActionStatus.UNKNOWN if changes and unseen else ActionStatus.FAILED


def _failure(text: str, answer: HttpAnswer) -> str:
    words = " ".join(answer.text[: 4 * _SHOWN].split())
    begin = words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."
    said = f"`{text}` was answered with status {_named(answer.status)}"
    if 300 <= answer.status < 400:
        said += ", which is not followed"
    return f"{said}: {begin}" if begin else f"{said}."


def _named(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
