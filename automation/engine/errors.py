"""What can stop an execution, each with its code and a sentence for the person who reads it."""

from typing import ClassVar

from automation.engine.results import CancelOutcome, ErrorCode


class EngineError(Exception):
    """The execution ended because of an error inside OpsManager.

    Each class's docstring begins with the sentence shown when none is given.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])


class RunbookInvalid(EngineError):
    """The runbook's class is declared wrongly; raised when it is imported."""


class UnknownRunbook(EngineError):
    """No runbook has this id."""


class CommandInvalid(EngineError):
    """The runbook asked for a command that can't be sent."""


class ChangeNotAllowed(EngineError):
    """The runbook tried to change the server where it may only read."""


class NothingToRollBack(EngineError):
    """Nothing of this execution can be taken back."""

    code = ErrorCode.VALIDATION


class ParametersInvalid(EngineError):
    """A parameter is missing or not valid.

    ``details`` maps the parameter's name on the wire to its messages.
    """

    code = ErrorCode.VALIDATION

    def __init__(self, message: str, details: dict[str, list[str]]) -> None:
        super().__init__(message)
        self.details = details


class ValidationFailed(EngineError):
    """A step's own check did not hold; nothing is wrong with OpsManager or the connection."""

    code = ErrorCode.VALIDATION


class CommandFailed(EngineError):
    """A command ended with an exit code that the step does not accept."""

    code = ErrorCode.COMMAND_FAILED


class DangerousCommand(EngineError):
    """The command guard refused a command; it was not sent."""

    code = ErrorCode.DANGEROUS_COMMAND


class ConnectionFailed(EngineError):
    """The server could not be reached; nothing was sent."""

    code = ErrorCode.CONNECTION


class WebUnreachable(ConnectionFailed):
    """A web API could not be reached; nothing was sent to it."""


class AddressRefused(EngineError):
    """OpsManager does not call this address; nothing was sent."""

    code = ErrorCode.VALIDATION


class AnswerUnreadable(EngineError):
    """A web API answered something else than the step can read."""

    code = ErrorCode.COMMAND_FAILED


class AuthenticationFailed(EngineError):
    """The server refused the credential; nothing was sent."""

    code = ErrorCode.AUTHENTICATION


class HostKeyRejected(EngineError):
    """The server's host key is unknown or has changed; nothing was sent."""

    code = ErrorCode.HOST_KEY


class SudoUnavailable(EngineError):
    """The command needs root, and sudo is missing or wants a password."""

    code = ErrorCode.SUDO


class CommandTimedOut(EngineError):
    """A command took longer than it may and was ended.

    ``cancel_outcome`` says what became of its processes on the server.
    """

    code = ErrorCode.TIMEOUT

    def __init__(self, message: str = "", *, cancel_outcome: CancelOutcome | None = None) -> None:
        super().__init__(message)
        self.cancel_outcome = cancel_outcome


class ConnectionLost(EngineError):
    """The connection broke after a command was sent; it may have run."""

    code = ErrorCode.CONNECTION_LOST


class StartedBefore(ConnectionLost):
    """The server has a record of this very action, of which OpsManager's database knows nothing."""

    # So that nobody goes on with it by itself: the database is older than the record.
    code = ErrorCode.WORKER_LOST


class LeaseLost(EngineError):
    """The execution is no longer this worker's to run."""

    code = ErrorCode.WORKER_LOST


class ReplayDiverged(EngineError):
    """The runbook did not come by what it had done before its worker was lost, so it can't go on.

    Nothing more was sent.
    """

    code = ErrorCode.WORKER_LOST


class MaskedValues(EngineError):
    """What an attempt before made known holds a secret that was masked when it was stored."""

    code = ErrorCode.WORKER_LOST


class ExecutionStopped(EngineError):
    """The execution was cancelled or ran out of time.

    ``reason`` is what :meth:`automation.engine.ports.StopSignal.reason` said; ``cancel_outcome``
    what became of the processes of the command that ran then, ``None`` when none did.
    """

    def __init__(
        self, reason: str, message: str = "", *, cancel_outcome: CancelOutcome | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.cancel_outcome = cancel_outcome
