"""Tests a runbook in milliseconds, without a server: scripted replies, the real executor.

Example::

    rehearsal = rehearse(
        RestartService,
        {"serviceName": "nginx"},
        {
            "systemctl show": [reply("ActiveState=failed"), reply("ActiveState=active")],
            "systemctl restart": reply(),
        },
    )
    assert rehearsal.outcome.status is Status.SUCCESS
    assert rehearsal.commands[-1] == "systemctl show nginx.service"

A reply is found by the command's first words (the longest match wins; ``sudo`` is not counted).
It is a result, an error to raise, a callable that is given the command and returns one of these,
or a list of them, used up one by one, the last for all further calls. A command without a reply
fails the rehearsal and names it.

HTTP calls are answered in the same way, by method and URL or the beginning of it::

    rehearse(
        Announce, {}, {},
        http={"POST https://chat.example.org/api/messages": http_reply(201, json={"id": 7})},
    )
"""

import shlex
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from automation.engine.commands import Command
from automation.engine.errors import EngineError
from automation.engine.executor import Executor
from automation.engine.guard import weigh
from automation.engine.http import HttpRequest
from automation.engine.params import parse
from automation.engine.ports import Action, ActionEnd, OutputSink
from automation.engine.results import ActionStatus, CommandResult, Outcome
from automation.engine.runbook import Runbook
from automation.engine.testing_http import HttpReplies, ScriptedHttp, http_reply

__all__ = [
    "HttpReplies",
    "LogRow",
    "ManualStop",
    "MemoryJournal",
    "Rehearsal",
    "Replies",
    "ScriptedHttp",
    "ScriptedTransport",
    "UnexpectedCommand",
    "http_reply",
    "rehearse",
    "rehearse_rollback",
    "reply",
]

OneReply = CommandResult | EngineError | Callable[[Command], CommandResult]
Reply = OneReply | Sequence[OneReply]
Replies = Mapping[str, Reply]


class UnexpectedCommand(AssertionError):
    """A rehearsed runbook sent a command, or made an HTTP call, that no reply was given for."""


def reply(stdout: str = "", *, stderr: str = "", exit_code: int = 0) -> CommandResult:
    """Return what a command answers."""
    return CommandResult(exit_code=exit_code, stdout=stdout, stderr=stderr)


@dataclass(kw_only=True)
class LogRow:
    """One row of the log, as :class:`MemoryJournal` keeps it."""

    action: Action
    status: ActionStatus
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    error_message: str = ""

    @property
    def text(self) -> str:
        """What was sent or done."""
        return self.action.text


class ScriptedTransport:
    """A server that answers as the replies say; keeps the commands it was sent."""

    def __init__(self, replies: Replies, *, as_root: bool = True) -> None:
        self.commands: list[Command] = []
        self.unexpected: list[str] = []
        self.recovered: list[UUID] = []
        """The actions whose end was asked for."""
        self.records: dict[str, CommandResult | EngineError] = {}
        """What the server's record says of a command whose connection broke, by its text."""
        self._as_root = as_root
        self._replies = {tuple(shlex.split(words)): value for words, value in replies.items()}
        self._used: dict[tuple[str, ...], int] = {}
        self._lock = threading.Lock()

    def render(self, command: Command) -> str:
        """Return the text of the command."""
        return command.text(as_root=self._as_root)

    def run(
        self, command: Command, *, action_id: UUID, timeout: float, on_output: OutputSink
    ) -> CommandResult:
        """Answer one command; ``action_id`` and ``timeout`` play no part."""
        with self._lock:
            self.commands.append(command)
            answer = self._next_reply(command)
        if callable(answer):
            answer = answer(command)
        if isinstance(answer, EngineError):
            raise answer
        on_output("stdout", answer.stdout)
        on_output("stderr", answer.stderr)
        return answer

    def recover(
        self, command: Command, *, action_id: UUID, timeout: float, on_output: OutputSink
    ) -> CommandResult:
        """Answer from :attr:`records` by the command's text, or else as :meth:`run` does."""
        self.recovered.append(action_id)
        told = self.records.get(self.render(command))
        if isinstance(told, EngineError):
            raise told
        if told is not None:
            return told
        return self.run(command, action_id=action_id, timeout=timeout, on_output=on_output)

    def _next_reply(self, command: Command) -> OneReply:
        matches = [key for key in self._replies if command.words[: len(key)] == key]
        if not matches:
            text = self.render(command)
            self.unexpected.append(text)
            raise UnexpectedCommand(text)
        key = max(matches, key=len)
        found = self._replies[key]
        if not isinstance(found, Sequence):
            return found
        used = self._used.get(key, 0)
        self._used[key] = used + 1
        return found[min(used, len(found) - 1)]


class MemoryJournal:
    """Keeps the log in memory."""

    def __init__(self) -> None:
        self.rows: list[LogRow] = []
        self.steps: list[str] = []
        self.kept: dict[str, Any] = {}
        self._lock = threading.Lock()

    def begin_step(self, *, number: int, total: int, name: str) -> None:
        """Remember "number/total name"."""
        self.steps.append(f"{number}/{total} {name}")

    def begin(self, action: Action) -> None:
        """Add a row that is running."""
        self.rows.append(LogRow(action=action, status=ActionStatus.RUNNING))

    def output(self, action: Action, stream: str, text: str) -> None:
        """Append output to the action's row."""
        with self._lock:
            row = self._row(action)
            setattr(row, stream, getattr(row, stream) + text)

    def end(self, action: Action, end: ActionEnd) -> None:
        """Fill in the action's row."""
        row = self._row(action)
        row.status = end.status
        row.stdout, row.stderr = end.stdout, end.stderr
        row.exit_code = end.exit_code
        row.error_message = end.error_message

    def reopen(self, action: Action) -> None:
        """Add the row of an action that an earlier attempt began."""
        self.begin(action)

    def planned(self, action: Action) -> None:
        """Add a row of what a dry run left out."""
        self.rows.append(LogRow(action=action, status=ActionStatus.PLANNED))

    def skipped(self, action: Action) -> None:
        """Add a row of a step whose condition did not hold."""
        self.rows.append(LogRow(action=action, status=ActionStatus.SKIPPED))

    def keep(
        self, *, data: Mapping[str, Any], once: Mapping[str, Any], steps_done: Sequence[int]
    ) -> None:
        """Remember the newest of what is kept, in :attr:`kept`."""
        self.kept = {"data": {**data}, "once": {**once}, "steps_done": tuple(steps_done)}

    def _row(self, action: Action) -> LogRow:
        return next(row for row in self.rows if row.action.id == action.id)


class ManualStop:
    """Stops when told to; its waits take no time."""

    def __init__(self, *, remaining: timedelta | None = None) -> None:
        self.stopped: str | None = None
        self.slept: list[float] = []
        self._remaining = remaining

    def reason(self) -> str | None:
        """Return why to stop, or ``None``."""
        return self.stopped

    def wait(self, seconds: float) -> str | None:
        """Note the wait and go on at once."""
        self.slept.append(seconds)
        return self.stopped

    def remaining(self) -> timedelta | None:
        """Return the time that was given."""
        return self._remaining


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What a rehearsed runbook did."""

    outcome: Outcome
    commands: list[str]
    """The commands that were sent, in order, as shell text (without sudo)."""
    log: list[LogRow]
    steps: list[str]
    """The steps that began, as "1/3 Find the unit"."""
    slept: list[float] = field(default_factory=list)
    requests: list[HttpRequest] = field(default_factory=list)
    """The HTTP calls that were sent, in order."""

    @property
    def planned(self) -> list[str]:
        """The changing commands and HTTP calls that a dry run left out."""
        rows = (row for row in self.log if row.status is ActionStatus.PLANNED)
        return [row.text for row in rows if row.action.changes]


def rehearse(
    runbook: type[Runbook],
    params: Mapping[str, Any],
    replies: Replies,
    *,
    is_dry_run: bool = False,
    previous: Mapping[str, Any] | None = None,
    http: HttpReplies | None = None,
) -> Rehearsal:
    """Run a runbook against scripted replies to its commands and HTTP calls.

    Raises ``ParametersInvalid``, and ``UnexpectedCommand`` when one has no reply.
    """
    instance = parse(runbook, params)
    return _played(
        replies,
        http,
        lambda executor: executor.execute(instance, is_dry_run=is_dry_run, previous=previous),
    )


def rehearse_rollback(
    runbook: type[Runbook],
    params: Mapping[str, Any],
    replies: Replies,
    *,
    data: Mapping[str, Any],
    steps_done: Collection[int],
    http: HttpReplies | None = None,
) -> Rehearsal:
    """Take a runbook's steps back against scripted replies; raises as :func:`rehearse`.

    ``data`` and ``steps_done`` are those of the outcome that is taken back.
    """
    instance = parse(runbook, params)
    return _played(
        replies,
        http,
        lambda executor: executor.roll_back(instance, data=data, steps_done=steps_done),
    )


def _played(
    replies: Replies, http: HttpReplies | None, play: Callable[[Executor], Outcome]
) -> Rehearsal:
    transport, journal, stop = ScriptedTransport(replies), MemoryJournal(), ManualStop()
    web = ScriptedHttp(http or {})
    outcome = play(Executor(transport=transport, journal=journal, stop=stop, http=web, guard=weigh))
    for unexpected, scripted in ((transport.unexpected, replies), (web.unexpected, http or {})):
        if unexpected:
            known = ", ".join(repr(words) for words in scripted) or "none"
            raise UnexpectedCommand(f"No reply for: {unexpected[0]} (replies: {known})")
    return Rehearsal(
        outcome=outcome,
        commands=[transport.render(command) for command in transport.commands],
        log=journal.rows,
        steps=journal.steps,
        slept=stop.slept,
        requests=web.requests,
    )
