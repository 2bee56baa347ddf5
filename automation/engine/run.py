"""What a step is handed: the verbs it may use on the server, and what the steps share."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import EllipsisType
from typing import Any, TypeVar

from automation.engine.actions import Actions, Place
from automation.engine.commands import Command, Shell, words_of
from automation.engine.context import Context
from automation.engine.errors import ChangeNotAllowed
from automation.engine.http import SUCCESSES, HttpAnswer, request_of
from automation.engine.parallel import Turn, run_all
from automation.engine.results import CommandResult

T = TypeVar("T")
J = TypeVar("J")


class Run:
    """One step's (or assessment's, or undo's) view of the execution.

    Commands are words, quoted by the engine, or a :class:`Shell` with arguments. ``ok`` names the
    exit codes that are no failure; ``None`` takes each. Left out, it is 0 in a step and each in
    an assessment, where an exit code is an answer.

    A dry run needs no ``if``: ``read`` runs, ``change`` is only shown; after that no check is
    judged and no read fails (both can be judged only after the change), and sleeps are left out.
    """

    def __init__(
        self,
        *,
        actions: Actions,
        context: Context,
        place: Place,
        may_not_change: str = "",
        ok: Collection[int] | None = (0,),
        turn: Turn | None = None,
    ) -> None:
        self._actions = actions
        self._context = context
        self._place = place
        self._may_not_change = may_not_change
        self._ok = ok
        self._turn = turn

    @property
    def data(self) -> dict[str, Any]:
        """Values (JSON) that the steps share; kept with the execution, for undo and workflows."""
        return self._context.data

    def once(self, name: str, make: Callable[[], J]) -> J:
        """Return a value that is made up once for this execution, such as a name with a time.

        A later attempt, and the real run of a dry run, get the same value again. ``name`` is
        unique within the runbook; the value is JSON.
        """
        once = self._context.once
        if name not in once:
            once[name] = make()
        value: J = once[name]
        return value

    @property
    def previous(self) -> Mapping[str, Any]:
        """The result of the previous execution in a workflow; empty without one."""
        return self._context.previous

    @property
    def result(self) -> dict[str, Any]:
        """The runbook's own result (JSON), shown with the execution."""
        return self._context.result

    @property
    def summary(self) -> str:
        """The sentence that says what was done; set it, or a general one is shown."""
        return self._context.summary

    @summary.setter
    def summary(self, sentence: str) -> None:
        self._context.summary = sentence

    @property
    def affects(self) -> str:
        """What the changing commands are about, such as "3 files in /srv": set it before them.

        A dry run's summary begins with it.
        """
        return self._context.affects

    @affects.setter
    def affects(self, what: str) -> None:
        self._context.affects = what

    def read(
        self,
        *words: str | Shell,
        sudo: bool = False,
        timeout: float | None = None,
        stdin: str = "",
        ok: Collection[int] | EllipsisType | None = ...,
    ) -> CommandResult:
        """Run a command that changes nothing; also in a dry run.

        ``timeout`` is in seconds, by default the time left for the execution. Raises
        ``CommandFailed`` for an exit code not in ``ok``, ``SudoUnavailable``,
        ``CommandTimedOut``, ``ConnectionLost`` and the like, which a step seldom catches.
        """
        command = Command(
            words=words_of(words), changes=False, sudo=sudo, timeout=timeout, stdin=stdin
        )
        return self._send(command, ok)

    def change(
        self,
        *words: str | Shell,
        sudo: bool = False,
        timeout: float | None = None,
        stdin: str = "",
        ok: Collection[int] | EllipsisType | None = ...,
    ) -> CommandResult:
        """Run a command that changes the server; in a dry run only show it.

        The intent is durable before it is sent. Raises as :meth:`read` does, and
        ``ChangeNotAllowed`` in an assessment and in a runbook that only reads.
        """
        command = Command(
            words=words_of(words), changes=True, sudo=sudo, timeout=timeout, stdin=stdin
        )
        if self._may_not_change:
            raise ChangeNotAllowed(f"{self._may_not_change} Not sent: {command.text(as_root=True)}")
        return self._send(command, ok)

    def http(
        self,
        method: str,
        url: str,
        *,
        json: Any | EllipsisType = ...,
        body: str | bytes = "",
        headers: Mapping[str, str] | None = None,
        timeout: float = 10,
        ok: Collection[int] | EllipsisType | None = ...,
        changes: bool | None = None,
    ) -> HttpAnswer:
        """Call a web API from OpsManager's worker, not from the server.

        GET, HEAD and OPTIONS read, other methods change, unless ``changes`` says otherwise; that
        is to a dry run what :meth:`read` and :meth:`change` are. ``ok`` names the statuses that
        are no failure, by default 200 to 299. Redirects are not followed. ``timeout`` is in
        seconds, for all of it. Raises ``CommandFailed`` for another status, ``AddressRefused``,
        ``WebUnreachable``, ``ConnectionLost``, ``CommandTimedOut``, and ``ChangeNotAllowed``
        where :meth:`change` does.
        """
        request = request_of(
            method,
            url,
            json_body=json,
            body=body,
            headers=headers,
            timeout=timeout,
            changes=changes,
        )
        if request.changes and self._may_not_change:
            raise ChangeNotAllowed(f"{self._may_not_change} Not sent: {request.text}")
        usual = None if self._ok is None else SUCCESSES
        self._await_turn()
        return self._actions.http(
            self._place,
            request,
            ok=usual if isinstance(ok, EllipsisType) else ok,
            begun=self._end_turn,
        )

    def validate(self, condition: object, claim: str, *, otherwise: str = "") -> None:
        """Record that ``claim`` holds, or fail with the sentence ``otherwise``.

        ``claim`` says what should be, such as "nginx.service exists"; without ``otherwise`` the
        failure says that it does not hold. Raises ``ValidationFailed``.
        """
        self._await_turn()
        self._actions.validate(
            self._place,
            holds=bool(condition),
            claim=claim,
            otherwise=otherwise or f"This does not hold: {claim}",
        )
        self._end_turn()

    def note(self, text: str) -> None:
        """Write a line into the log."""
        self._await_turn()
        self._actions.note(self._place, text)
        self._end_turn()

    def sleep(self, seconds: float) -> None:
        """Wait; a cancel ends it. Raises ``ExecutionStopped``."""
        self._await_turn()
        self._actions.sleep(self._place, seconds)
        self._end_turn()

    def skip(self) -> None:
        """Record that the step is left out, for the executor."""
        self._actions.skip(self._place)

    def only_reading(self, why: str) -> "Run":
        """Return a view of the same step that may not change anything.

        There each exit code is an answer; ``why`` begins the sentence about a change.
        """
        return Run(
            actions=self._actions,
            context=self._context,
            place=self._place,
            may_not_change=why,
            ok=None,
            turn=self._turn,
        )

    def parallel(self, *branches: "Callable[[Run], T]") -> list[T]:
        """Run callables at once, each with a ``Run`` of its own; return their values in order.

        All are waited for. Their first actions are logged in the order of the callables. Raises
        the error of the one that failed, or an ``ExceptionGroup`` of several.
        """
        turns: list[Turn] = []
        for _ in branches:
            turns.append(Turn(turns[-1] if turns else None))
        return run_all(
            [
                (partial(branch, self._branch(turn)), turn)
                for branch, turn in zip(branches, turns, strict=True)
            ]
        )

    def _branch(self, turn: Turn) -> "Run":
        return Run(
            actions=self._actions,
            context=self._context,
            place=self._place,
            may_not_change=self._may_not_change,
            ok=self._ok,
            turn=turn,
        )

    def _send(self, command: Command, ok: Collection[int] | EllipsisType | None) -> CommandResult:
        self._await_turn()
        return self._actions.command(
            self._place,
            command,
            ok=self._ok if isinstance(ok, EllipsisType) else ok,
            begun=self._end_turn,
        )

    def _await_turn(self) -> None:
        if self._turn is not None:
            self._turn.wait()

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.end()
