"""The doors between the engine and the world: a transport for commands, a journal for facts.

The third, a client for HTTP, is in :mod:`automation.engine.http`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from automation.engine.commands import Command
from automation.engine.results import ActionStatus, CommandResult, StepType

OutputSink = Callable[[str, str], None]
"""Called with the stream's name (``"stdout"`` or ``"stderr"``) and text as it arrives."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One row of the log as it begins."""

    id: UUID
    """Unique; the server's own record of the command carries it too."""
    seq: int
    """1, 2, 3, ... within the execution, over all attempts."""
    step_number: int
    """1 to the number of steps; 0 for the assessment before, one past the last for the one after.
    A step's undo carries the number of the step."""
    step_name: str
    type: StepType
    text: str
    """What is sent or done, exactly, for people: a shell command, a URL, a sentence."""
    changes: bool
    """Whether it may change the server."""


@dataclass(frozen=True, kw_only=True)
class ActionEnd:
    """How an action ended."""

    status: ActionStatus
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    error_message: str = ""


class Transport(Protocol):
    """Runs commands on the one server of an execution."""

    def render(self, command: Command) -> str:
        """Return the POSIX shell text that :meth:`run` would send, sudo included.

        May have to connect (whether sudo is needed depends on the login).
        """

    def run(
        self, command: Command, *, action_id: UUID, timeout: float, on_output: OutputSink
    ) -> CommandResult:
        """Send one command and wait for its end, at most ``timeout`` seconds.

        Raises the errors of :mod:`automation.engine.errors`: ``ConnectionFailed``,
        ``AuthenticationFailed``, ``HostKeyRejected`` (nothing was sent), ``SudoUnavailable``,
        ``CommandTimedOut``, ``ConnectionLost`` (it may have run), ``ExecutionStopped`` (asked to
        stop by :class:`StopSignal`). A non-zero exit is a result, not an error.
        """

    def recover(
        self, command: Command, *, action_id: UUID, timeout: float, on_output: OutputSink
    ) -> CommandResult:
        """Find out how a changing command ended that was sent before, by whichever process.

        Waits for one that still runs, and sends one that certainly never began; never starts it
        twice. Raises as :meth:`run` does; ``ConnectionLost`` when its end can't be found out.
        """


class Journal(Protocol):
    """Keeps what happened, in order, in a place that outlives this process."""

    def begin_step(self, *, number: int, total: int, name: str) -> None:
        """Say which step runs now.

        ``total`` is the number of steps; ``number`` is 0 and ``total + 1`` for the assessments.
        """

    def begin(self, action: Action) -> None:
        """Record the begin of an action.

        Of a changing action it returns only once the intent is durable, so that nothing is sent
        which nobody could know of later. Raises ``LeaseLost`` when the execution is no longer
        this process's to run: then nothing may be sent.
        """

    def output(self, action: Action, stream: str, text: str) -> None:
        """Append output of a running action; never blocks for long."""

    def end(self, action: Action, end: ActionEnd) -> None:
        """Record the end of an action. ``end.stdout`` and ``stderr`` are the whole output."""

    def reopen(self, action: Action) -> None:
        """Go on with an action that an earlier attempt began; its end is recorded as usual."""

    def planned(self, action: Action) -> None:
        """Record an action that a dry run leaves out: what it would have sent or waited for."""

    def skipped(self, action: Action) -> None:
        """Record a step that is left out since its condition does not hold."""

    def keep(
        self, *, data: Mapping[str, Any], once: Mapping[str, Any], steps_done: Sequence[int]
    ) -> None:
        """Keep what another attempt or a rollback needs, at the latest with the next intent.

        All of it is JSON; ``steps_done`` is as in ``Outcome``.
        """


class StopSignal(Protocol):
    """Asked by the executor between actions and by the transport while a command runs."""

    def reason(self) -> str | None:
        """``None`` to go on; else ``"CANCELLED"``, ``"TIMEOUT"`` or ``"LEASE_LOST"``."""

    def wait(self, seconds: float) -> str | None:
        """Wait until stopped or the time is over; return the reason as :meth:`reason` does."""

    def remaining(self) -> timedelta | None:
        """The time left for the execution; ``None`` without a limit."""
