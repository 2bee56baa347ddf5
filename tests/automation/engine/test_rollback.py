import pytest

from automation.engine import Param, Run, Runbook, step
from automation.engine.errors import CommandFailed, ConnectionLost, LeaseLost
from automation.engine.registry import Registry
from automation.engine.results import ErrorCode, Status
from automation.engine.rollback import rollback_plan
from automation.engine.testing import rehearse, rehearse_rollback, reply
from tests.automation.engine.samples import RestartSample, World, with_steps


class Three(Runbook, registry=Registry()):
    """Has three steps; two can be taken back."""

    id = "THREE"
    title = "Three"

    @step("One")
    def one(self, run: Run) -> None:
        run.change("make", "one")
        run.data["one"] = "kept"

    @one.undo
    def undo_one(self, run: Run) -> None:
        run.change("undo", "one", run.data["one"])

    @step("Two")
    def two(self, run: Run) -> None:
        run.read("look")

    @step("Three")
    def three(self, run: Run) -> None:
        run.change("make", "three")

    @three.undo
    def undo_three(self, run: Run) -> None:
        run.change("undo", "three")


REPLIES = {"make": reply(), "look": reply(), "undo": reply()}


def test_the_plan_is_latest_first_and_leaves_out_what_did_not_run() -> None:
    assert rollback_plan(Three, (1, 2, 3)) == [(3, "Three"), (1, "One")]
    assert rollback_plan(Three(), (1, 2)) == [(1, "One")]
    assert rollback_plan(Three, ()) == []


def test_steps_are_taken_back_latest_first_with_the_data_they_kept() -> None:
    done = rehearse(Three, {}, REPLIES).outcome
    back = rehearse_rollback(Three, {}, REPLIES, data=done.data, steps_done=done.steps_done)
    assert back.outcome.status is Status.ROLLED_BACK
    assert back.commands == ["undo three", "undo one kept"]
    assert back.outcome.summary == "Taken back: “Three”, “One”."
    assert back.outcome.steps_done == ()
    assert back.steps == ["3/3 Take back: Three", "1/3 Take back: One"]
    assert back.log[0].action.step_number == 3


def test_rows_are_numbered_after_those_of_the_execution() -> None:
    world = World(REPLIES)
    world.executor.roll_back(Three(), data={"one": "x"}, steps_done=(1, 2, 3), seq_after=7)
    assert [row.action.seq for row in world.journal.rows] == [8, 9]


def test_the_step_that_failed_after_it_changed_something_is_taken_back_too() -> None:
    replies = {**REPLIES, "make three": reply(exit_code=1)}
    failed = rehearse(Three, {}, replies).outcome
    assert failed.steps_done == (1, 2, 3)
    unsent = rehearse(Three, {}, {**REPLIES, "look": reply(exit_code=1)}).outcome
    assert unsent.steps_done == (1,)


def test_the_first_undo_that_fails_ends_the_rollback_and_says_what_is_left() -> None:
    replies = {"undo three": reply(), "undo one": reply(exit_code=4, stderr="no")}
    back = rehearse_rollback(Three, {}, replies, data={"one": "x"}, steps_done=(1, 2, 3)).outcome
    assert back.status is Status.FAILED
    assert back.error_code is ErrorCode.COMMAND_FAILED
    assert back.summary == "Failed taking back step 1, “One”."
    assert back.steps_done == (1,)


@pytest.mark.parametrize("error", [ConnectionLost("gone"), CommandFailed("no")])
def test_a_rollback_that_does_not_succeed_says_how_it_ended(
    error: Exception,
) -> None:
    back = rehearse_rollback(
        RestartSample, {"serviceName": "a"}, {"systemctl": error}, data={}, steps_done=(1, 2)
    )
    unseen = isinstance(error, ConnectionLost)
    assert back.outcome.status is (Status.UNKNOWN if unseen else Status.FAILED)
    assert back.outcome.error_code == error.code  # type: ignore[attr-defined]


def test_where_nothing_can_be_taken_back_the_reason_is_told() -> None:
    def go(_runbook: Runbook, _run: Run) -> None: ...

    back = rehearse_rollback(with_steps(go), {}, {}, data={}, steps_done=(1,)).outcome
    assert (back.status, back.error_code) == (Status.FAILED, ErrorCode.VALIDATION)
    assert back.error_message == "Nothing to roll back: It is a sample."
    back = rehearse_rollback(Three, {}, {}, data={}, steps_done=()).outcome
    assert back.error_message.endswith("None of the steps that ran can be taken back.")


def test_a_lost_lease_leaves_the_rollback_at_once() -> None:
    with pytest.raises(LeaseLost):
        rehearse_rollback(Three, {}, {"undo": LeaseLost()}, data={}, steps_done=(1, 2, 3))


class Copying(Runbook, registry=Registry()):
    """Can be taken back only where it was asked to keep a copy."""

    id = "COPYING"
    title = "Copying"

    keep: bool = Param(default=False, help="Keep a copy")

    def why_irreversible(self) -> str:
        return "" if self.keep else "No copy was kept."

    @step("Remove")
    def remove(self, run: Run) -> None:
        run.change("make", "it")

    @remove.undo
    def restore(self, run: Run) -> None:
        run.change("undo", "it")


def test_parameters_can_make_it_irreversible() -> None:
    assert rollback_plan(Copying, (1,)) == [(1, "Remove")]
    assert rollback_plan(Copying(keep=True), (1,)) == [(1, "Remove")]
    assert rollback_plan(Copying(), (1,)) == []
    refused = rehearse_rollback(Copying, {}, REPLIES, data={}, steps_done=(1,))
    assert refused.commands == []
    assert refused.outcome.error_message == "Nothing to roll back: No copy was kept."
    back = rehearse_rollback(Copying, {"keep": True}, REPLIES, data={}, steps_done=(1,))
    assert back.commands == ["undo it"]
