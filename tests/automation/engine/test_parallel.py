import threading
from collections.abc import Callable
from functools import partial

import pytest
import structlog

from automation.engine import Run, Runbook
from automation.engine.errors import (
    CommandFailed,
    ConnectionLost,
    ExecutionStopped,
    LeaseLost,
    ValidationFailed,
)
from automation.engine.parallel import MOST_AT_ONCE
from automation.engine.results import ErrorCode, Status
from automation.engine.testing import ManualStop, Rehearsal, rehearse, reply
from tests.automation.engine.samples import World, with_steps


def in_parallel(*branches: Callable[[Run], object]) -> type[Runbook]:
    def go(_runbook: Runbook, run: Run) -> None:
        run.result["values"] = run.parallel(*branches)

    return with_steps(go)


def rehearsed(*branches: Callable[[Run], object], **replies: object) -> Rehearsal:
    return rehearse(in_parallel(*branches), {}, {"echo": lambda c: reply(c.words[1]), **replies})


def echo(word: str, run: Run) -> str:
    return run.read("echo", word).stdout


def test_values_come_in_the_order_of_the_callables() -> None:
    words = [str(number) for number in range(20)]
    rehearsal = rehearsed(*(partial(echo, word) for word in words))
    assert rehearsal.outcome.result == {"values": words}


def test_first_actions_are_logged_in_the_order_of_the_callables() -> None:
    for _ in range(20):
        rehearsal = rehearsed(*(partial(echo, str(number)) for number in range(10)))
        assert [row.text for row in rehearsal.log] == [f"echo {number}" for number in range(10)]
        assert [row.action.seq for row in rehearsal.log] == list(range(1, 11))


def test_checks_waits_and_branches_without_action_keep_the_order_too() -> None:
    rehearsal = rehearsed(
        lambda run: run.note("first"),
        lambda _run: None,
        lambda run: run.sleep(1),
        partial(echo, "last"),
    )
    assert [row.text for row in rehearsal.log] == ["first", "Wait 1 s", "echo last"]


def test_branches_really_run_at_once() -> None:
    together = threading.Barrier(MOST_AT_ONCE)

    def meet(run: Run) -> None:
        run.read("echo", "x")
        together.wait(timeout=60)

    assert rehearsed(*[meet] * MOST_AT_ONCE).outcome.status is Status.SUCCESS


def test_nothing_at_once_is_nothing() -> None:
    assert rehearsed().outcome.result == {"values": []}


def test_a_branch_inherits_the_log_s_context() -> None:
    structlog.contextvars.bind_contextvars(execution="e1")
    try:
        rehearsal = rehearsed(lambda _run: structlog.contextvars.get_contextvars()["execution"])
    finally:
        structlog.contextvars.clear_contextvars()
    assert rehearsal.outcome.result == {"values": ["e1"]}


def test_all_branches_end_before_the_error_of_one_is_raised() -> None:
    def fails(run: Run) -> None:
        run.validate(False, "It holds")

    rehearsal = rehearsed(fails, partial(echo, "a"), partial(echo, "b"))
    assert rehearsal.outcome.error_message == "This does not hold: It holds"
    assert rehearsal.commands == ["echo a", "echo b"]


def test_of_several_errors_all_are_told_and_the_worst_decides() -> None:
    def raises(error: Exception, _run: Run) -> None:
        raise error

    outcome = rehearsed(
        partial(raises, ValidationFailed("Not so.")),
        partial(raises, ConnectionLost("Gone.")),
        partial(raises, CommandFailed("No.")),
    ).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.CONNECTION_LOST)
    assert outcome.error_message == "Not so. Gone. No."


def test_a_stop_outranks_and_a_lost_lease_outranks_that() -> None:
    def raises(error: Exception, _run: Run) -> None:
        raise error

    stopped = partial(raises, ExecutionStopped("CANCELLED"))
    wrong = partial(raises, ValueError("a bug"))
    assert rehearsed(wrong, stopped).outcome.status is Status.CANCELLED
    with pytest.raises(LeaseLost):
        rehearsed(stopped, wrong, partial(raises, LeaseLost()))


def test_a_fault_beside_an_error_is_told_by_its_kind_alone() -> None:
    def raises(error: Exception, _run: Run) -> None:
        raise error

    outcome = rehearsed(
        partial(raises, ValueError("secret")), partial(raises, CommandFailed("No."))
    ).outcome
    assert outcome.error_message == "ValueError. No."


def test_a_stop_reaches_each_branch() -> None:
    class StopsAtOnce(ManualStop):
        def wait(self, seconds: float) -> str | None:
            self.stopped = "CANCELLED"
            return super().wait(seconds)

    world = World()
    world.stop = StopsAtOnce()
    outcome = world.execute(in_parallel(lambda run: run.sleep(600), lambda run: run.sleep(600))())
    assert outcome.status is Status.CANCELLED
