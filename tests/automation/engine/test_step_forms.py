"""Steps with a condition, and steps that run at the same time."""

import threading

import pytest

from automation.engine import CommandFailed, Run, Runbook, step
from automation.engine.errors import RunbookInvalid
from automation.engine.past import PastAction
from automation.engine.registry import Registry
from automation.engine.results import ActionStatus, ErrorCode, Status
from automation.engine.step import Step, groups_of
from automation.engine.testing import rehearse, reply
from tests.automation.engine.samples import World


class IfFull(Runbook, registry=Registry()):
    """Clean up where it is full."""

    id = "IF_FULL"
    title = "Clean up where it is full"

    @step("Measure")
    def measure(self, run: Run) -> None:
        run.data["used"] = int(run.read("df").stdout)

    @step("Clean up")
    def clean(self, run: Run) -> None:
        run.change("clean")

    @clean.when
    def is_full(self, run: Run) -> bool:
        return bool(run.data["used"] > 80) and run.read("test", "-d", "/x").ok

    @clean.undo
    def restore(self, run: Run) -> None:
        run.change("restore")

    @step("Tell")
    def tell(self, run: Run) -> None:
        run.note("Done.")


def test_a_step_whose_condition_holds_is_done() -> None:
    done = rehearse(IfFull, {}, {"df": reply("91"), "test": reply(), "clean": reply()})
    assert done.outcome.steps_done == (1, 2, 3)
    assert done.commands == ["df", "test -d /x", "clean"]


@pytest.mark.parametrize("used", ["12", "91"])
def test_a_step_whose_condition_does_not_hold_is_left_out_and_not_taken_back(used: str) -> None:
    done = rehearse(IfFull, {}, {"df": reply(used), "test": reply(exit_code=1)})
    assert done.outcome.status is Status.SUCCESS
    assert done.outcome.steps_done == (1, 3)
    (skipped,) = [row for row in done.log if row.status is ActionStatus.SKIPPED]
    assert (skipped.action.step_number, skipped.action.step_name) == (2, "Clean up")
    assert done.steps == ["1/3 Measure", "2/3 Clean up", "3/3 Tell"]


def test_a_skipped_step_is_not_recorded_twice_when_it_is_gone_on_with() -> None:
    first = World({"df": reply("12")})
    first.execute(IfFull())
    past = [
        PastAction(
            action=row.action,
            status=row.status,
            stdout=row.stdout,
            exit_code=row.exit_code,
        )
        for row in first.journal.rows
    ]
    again = World()
    outcome = again.execute(IfFull(), past=past, seq_after=3)
    assert outcome.steps_done == (1, 3)
    assert again.journal.rows == []


def test_a_condition_may_not_change_anything() -> None:
    class Greedy(Runbook, registry=Registry()):
        """Change something where it may only look."""

        id = "GREEDY"
        title = "Greedy"
        irreversible = "It is a sample."

        @step("Go")
        def go(self, run: Run) -> None: ...

        @go.when
        def wanted(self, run: Run) -> bool:
            return run.change("change").ok

    done = rehearse(Greedy, {}, {"change": reply()})
    assert done.outcome.status is Status.FAILED
    assert done.outcome.error_message.startswith("A condition may only read.")
    assert done.commands == []


def test_a_step_has_one_condition() -> None:
    one = Step("Go", lambda _self, _run: None)
    one.when(lambda _self, _run: True)
    with pytest.raises(RunbookInvalid, match="has two conditions"):
        one.when(lambda _self, _run: True)


class Side(Runbook, registry=Registry()):
    """Do two things at once."""

    id = "SIDE"
    title = "Side by side"

    @step("Before")
    def before(self, run: Run) -> None:
        run.read("before")

    @step("Left")
    def left(self, run: Run) -> None:
        run.change("left")

    @left.undo
    def left_back(self, run: Run) -> None:
        run.change("left", "back")

    @step("Right", alongside=True)
    def right(self, run: Run) -> None:
        run.change("right")

    @right.undo
    def right_back(self, run: Run) -> None:
        run.change("right", "back")

    @step("After")
    def after(self, run: Run) -> None:
        run.read("after")


def test_steps_alongside_run_at_once_and_the_next_waits_for_both() -> None:
    both = threading.Barrier(2)
    ended: list[str] = []

    def meet(name: str) -> object:
        def answer(_command: object) -> object:
            both.wait(60)
            ended.append(name)
            return reply()

        return answer

    def after(_command: object) -> object:
        assert sorted(ended) == ["left", "right"]
        return reply()

    replies = {"before": reply(), "left": meet("left"), "right": meet("right"), "after": after}
    done = rehearse(Side, {}, replies)  # type: ignore[arg-type]
    assert done.outcome.status is Status.SUCCESS, done.outcome.error_message
    assert done.outcome.steps_done == (1, 2, 3, 4)
    assert done.steps == ["1/4 Before", "2/4 Left", "3/4 Right", "4/4 After"]


def test_of_steps_at_once_that_fail_each_is_told_and_what_changed_can_be_taken_back() -> None:
    replies = {"before": reply(), "left": reply(), "right": CommandFailed("right is wrong")}
    done = rehearse(Side, {}, replies)
    assert (done.outcome.status, done.outcome.error_code) == (
        Status.FAILED,
        ErrorCode.COMMAND_FAILED,
    )
    assert done.outcome.summary == "Failed in steps 2 to 3 of 4, which run at once."
    assert done.outcome.steps_done == (1, 2, 3)
    both = rehearse(
        Side,
        {},
        {"before": reply(), "left": CommandFailed("l"), "right": CommandFailed("r")},
    )
    assert sorted(both.outcome.error_message.split()) == ["l", "r"]


def test_the_first_step_has_nothing_to_run_alongside() -> None:
    def go(_self: object, _run: object) -> None: ...

    first, second = Step("One", go, alongside=True), Step("Two", go)
    assert [[number for number, _ in group] for group in groups_of((first, second))] == [[1], [2]]
