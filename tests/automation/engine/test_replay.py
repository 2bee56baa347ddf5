"""Going on with an execution whose worker was lost: nothing is done twice, nothing is left out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from automation.engine import Assessment, CommandResult, Param, Run, Runbook, step
from automation.engine.errors import (
    ConnectionFailed,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    HostKeyRejected,
    StartedBefore,
    SudoUnavailable,
)
from automation.engine.past import Past, PastAction
from automation.engine.ports import Action
from automation.engine.registry import Registry
from automation.engine.results import ActionStatus, ErrorCode, Outcome, Status, StepType, Verdict
from automation.engine.testing import LogRow, reply
from tests.automation.engine.samples import World, with_steps


class Mend(Runbook, registry=Registry()):
    """Mend something in two changes."""

    id = "MEND"
    title = "Mend"

    extra: bool = Param(default=False, help="Whether to do one thing more")

    def assess(self, run: Run) -> Assessment:
        return Assessment(healthy=run.read("look").stdout == "good", values={})

    @step("Measure")
    def measure(self, run: Run) -> None:
        run.data["size"] = run.read("measure").stdout
        run.validate(run.data["size"], "There is something")
        run.note("It is large.")

    @step("Change")
    def change(self, run: Run) -> None:
        run.data["first"] = run.change("first", run.data["size"]).stdout
        run.sleep(5)
        run.change("second")
        if self.extra:
            run.change("third")

    @change.undo
    def back(self, run: Run) -> None:
        run.change("back")


REPLIES: dict[str, Any] = {
    "look": [reply("bad"), reply("good")],
    "measure": reply("7"),
    "first": reply("done"),
    "second": reply(),
    "third": reply(),
}


def whole() -> list[PastAction]:
    """Return the log of a run from its beginning to its end."""
    world = World(REPLIES)
    assert world.execute(Mend()).status is Status.SUCCESS
    return [as_past(row) for row in world.journal.rows]


def as_past(row: LogRow) -> PastAction:
    return PastAction(
        action=row.action,
        status=row.status,
        stdout=row.stdout,
        stderr=row.stderr,
        exit_code=row.exit_code,
    )


def cut_after(count: int, status: ActionStatus = ActionStatus.UNKNOWN) -> list[PastAction]:
    """Return the first rows of the log, the last one without its end."""
    *ended, last = whole()[:count]
    return [*ended, replace(last, status=status, stdout="", exit_code=None)]


def gone_on_with(
    past: list[PastAction], replies: dict[str, Any], runbook: Runbook | None = None
) -> tuple[World, Outcome]:
    world = World(replies)
    outcome = world.execute(
        runbook or Mend(), past=past, seq_after=max(each.action.seq for each in past)
    )
    return world, outcome


ROWS = ["look", "measure", "There is something", "It is large.", "first 7", "Wait 5 s", "second"]


def test_the_log_of_a_whole_run_is_as_these_tests_take_it() -> None:
    assert [each.action.text for each in whole()] == [*ROWS, "look"]


@pytest.mark.parametrize("count", range(1, len(ROWS) + 1))
def test_wherever_it_was_lost_the_rest_is_done_and_nothing_twice(count: int) -> None:
    past = whole()[:count]
    todo = [text for text in [*ROWS, "look"][count:] if not text[0].isupper()]
    todo = [text for text in todo if text != "It is large."]
    replies = {**REPLIES, "look": reply("good")}
    world, outcome = gone_on_with(past, replies)
    assert outcome.status is Status.SUCCESS, outcome.error_message
    assert world.sent == todo
    assert outcome.verdict is Verdict.FIXED
    assert outcome.data == {"size": "7", "first": "done"}
    assert outcome.steps_done == (1, 2)
    seqs = [row.action.seq for row in world.journal.rows]
    assert seqs == list(range(count + 1, count + 1 + len(seqs)))


def test_a_change_in_flight_is_asked_about_under_its_own_name_and_not_sent_anew() -> None:
    past = cut_after(5)
    world, outcome = gone_on_with(past, {**REPLIES, "look": reply("good")})
    assert outcome.status is Status.SUCCESS
    assert world.transport.recovered == [past[-1].action.id]
    reopened = world.journal.rows[0]
    assert (reopened.action, reopened.status) == (past[-1].action, ActionStatus.SUCCESS)
    assert reopened.stdout == "done"
    assert world.sent == ["first 7", "second", "look"]


def test_a_change_in_flight_that_failed_on_the_server_fails_the_execution() -> None:
    world, outcome = gone_on_with(
        cut_after(5), {**REPLIES, "look": reply("bad"), "first": reply(exit_code=3, stderr="no")}
    )
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert world.journal.rows[0].exit_code == 3
    assert outcome.verdict is Verdict.NOT_FIXED


def test_a_change_that_had_failed_before_the_worker_was_lost_fails_it_now() -> None:
    *before, last = whole()[:5]
    past = [*before, replace(last, status=ActionStatus.FAILED, exit_code=3, stderr="no")]
    world, outcome = gone_on_with(past, {"look": reply("bad")})
    assert outcome.error_message == "`first 7` ended with exit code 3: no"
    assert outcome.steps_done == (1, 2)
    assert world.sent == ["look"]


@pytest.mark.parametrize("error", [ConnectionFailed("down"), HostKeyRejected("other")])
def test_a_server_that_cannot_be_asked_leaves_it_unknown(error: EngineError) -> None:
    world, outcome = gone_on_with(cut_after(5), {"first": error})
    assert outcome.status is Status.UNKNOWN
    assert outcome.error_code is ErrorCode.CONNECTION_LOST
    assert "Nobody saw the end of `first 7`" in outcome.error_message
    assert world.journal.rows[0].status is ActionStatus.UNKNOWN


def test_not_even_reaching_the_change_in_flight_leaves_it_unknown() -> None:
    past = [each for each in cut_after(5) if each.action.text != "measure"]
    world, outcome = gone_on_with(past, {"measure": ConnectionFailed("down")})
    assert outcome.status is Status.UNKNOWN
    assert "Nobody saw the end of `first 7`" in outcome.error_message
    assert world.sent == ["measure"]


def test_a_read_that_did_not_end_is_simply_done_again() -> None:
    past = cut_after(2, ActionStatus.UNKNOWN)
    world, outcome = gone_on_with(past, {**REPLIES, "look": reply("good")})
    assert outcome.status is Status.SUCCESS
    assert world.sent == ["measure", "first 7", "second", "look"]
    assert world.transport.recovered == []


def test_a_change_that_failed_before_it_began_is_sent() -> None:
    past = cut_after(5, ActionStatus.FAILED)
    world, outcome = gone_on_with(past, {**REPLIES, "look": reply("good")})
    assert outcome.status is Status.SUCCESS
    assert world.transport.recovered == []
    assert world.sent == ["first 7", "second", "look"]


def test_a_runbook_that_does_something_else_now_stops_before_it_changes_anything() -> None:
    past = [
        replace(each, action=replace(each.action, text="first 8"))
        if each.action.text == "first 7"
        else each
        for each in whole()[:5]
    ]
    world, outcome = gone_on_with(past, REPLIES)
    assert (outcome.status, outcome.error_code) == (Status.UNKNOWN, ErrorCode.WORKER_LOST)
    assert "differs from what it did before its worker was lost" in outcome.error_message
    assert "`first 8`" in outcome.error_message
    assert world.sent == []


def test_a_runbook_that_comes_to_its_end_without_what_it_had_changed_says_so() -> None:
    extra = replace(
        whole()[4],
        action=replace(whole()[4].action, id=uuid4(), seq=9, text="third", step_number=2),
    )
    world, outcome = gone_on_with([*whole()[:7], extra], {"look": reply("good")})
    assert outcome.status is Status.UNKNOWN
    assert "`third`" in outcome.error_message
    assert world.sent == ["look"]


def test_a_stop_while_a_change_is_open_is_no_clean_cancel() -> None:
    _, outcome = gone_on_with(
        [each for each in cut_after(5) if each.action.text != "measure"],
        {"measure": ExecutionStopped("CANCELLED")},
    )
    assert outcome.status is Status.UNKNOWN


def test_a_rollback_is_gone_on_with_too_and_begins_with_what_it_had() -> None:
    world = World({"back": reply()})
    world.executor.roll_back(Mend(), data={"size": "7"}, steps_done=(1, 2), seq_after=8)
    (row,) = world.journal.rows
    assert world.journal.kept == {}
    again = World({"back": reply()})
    past = [replace(as_past(row), status=ActionStatus.UNKNOWN, exit_code=None)]
    outcome = again.executor.roll_back(
        Mend(), data={"size": "7"}, steps_done=(1, 2), seq_after=9, past=past
    )
    assert outcome.status is Status.ROLLED_BACK
    assert again.transport.recovered == [row.action.id]


def test_what_steps_share_is_kept_with_each_intent_and_after_each_step() -> None:
    kept: list[dict[str, Any]] = []
    world = World(REPLIES)

    def first(_command: object) -> CommandResult:
        kept.append(world.journal.kept)
        return reply("done")

    world.transport._replies["first",] = first
    world.execute(Mend())
    assert kept == [{"data": {"size": "7"}, "once": {}, "steps_done": (1, 2)}]
    assert world.journal.kept["data"] == {"size": "7", "first": "done"}


def test_what_is_made_up_once_is_the_same_in_another_attempt() -> None:
    made: list[int] = []

    def name(_runbook: Runbook, run: Run) -> None:
        def make() -> str:
            made.append(1)
            return f"name-{len(made)}"

        run.change("write", run.once("name", make))
        run.change("read", run.once("name", make))

    runbook = with_steps(name)()
    world = World({"write": reply(), "read": reply()})
    outcome = world.execute(runbook)
    assert world.sent == ["write name-1", "read name-1"]
    assert outcome.once == {"name": "name-1"}
    again = World({"write": reply(), "read": reply()})
    assert again.execute(runbook, once=outcome.once).status is Status.SUCCESS
    assert again.sent == ["write name-1", "read name-1"]


def test_what_is_no_json_is_said_before_the_change_is_sent() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.data["made"] = object()
        run.change("change")

    world = World({"change": reply()})
    outcome = world.execute(with_steps(go)())
    assert outcome.status is Status.FAILED
    assert "run.data can't be kept, since it is not JSON" in outcome.error_message
    assert world.sent == []


# --- a connection that breaks while the worker lives


class Breaking(World):
    """Sends a command whose connection breaks, and then answers what the record says."""

    def __init__(self, told: CommandResult | EngineError, **replies: Any) -> None:
        super().__init__({"change": ConnectionLost("broke"), **replies})
        self.transport.records["change"] = told


def change(_runbook: Runbook, run: Run) -> None:
    run.summary = run.change("change", ok=(0, 3)).stdout


def test_a_change_whose_connection_broke_ends_as_its_record_says() -> None:
    world = Breaking(reply("all of it", exit_code=3))
    outcome = world.execute(with_steps(change)())
    assert (outcome.status, outcome.summary) == (Status.SUCCESS, "all of it")
    (row,) = world.journal.rows
    assert (row.exit_code, row.stdout) == (3, "all of it")
    assert world.transport.recovered == [row.action.id]


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        (ConnectionLost("no end"), Status.UNKNOWN, ErrorCode.CONNECTION_LOST),
        (ConnectionFailed("down"), Status.UNKNOWN, ErrorCode.CONNECTION_LOST),
        (SudoUnavailable("no sudo"), Status.FAILED, ErrorCode.SUDO),
        (ExecutionStopped("CANCELLED"), Status.CANCELLED, None),
    ],
)
def test_a_record_that_does_not_tell_the_end(
    told: EngineError, status: Status, code: ErrorCode | None
) -> None:
    outcome = Breaking(told).execute(with_steps(change)())
    assert (outcome.status, outcome.error_code) == (status, code)


def test_the_record_of_a_start_that_the_database_forgot_is_left_to_a_person() -> None:
    world = World({"change": StartedBefore("It was started before.")})
    world.transport.records["change"] = reply("all of it")
    outcome = world.execute(with_steps(change)())
    assert (outcome.status, outcome.error_code) == (Status.UNKNOWN, ErrorCode.WORKER_LOST)
    assert outcome.error_message.startswith("It was started before.")
    assert world.transport.recovered == []


def test_a_read_whose_connection_broke_is_not_asked_about() -> None:
    def look(_runbook: Runbook, run: Run) -> None:
        run.read("look")

    world = World({"look": ConnectionLost("broke")})
    outcome = world.execute(with_steps(look)())
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.CONNECTION_LOST)
    assert world.transport.recovered == []


# --- what counts


def row(*, changes: bool, kind: StepType = StepType.SSH_COMMAND, **ended: Any) -> PastAction:
    action = Action(
        id=uuid4(), seq=1, step_number=1, step_name="", type=kind, text="x", changes=changes
    )
    return PastAction(action=action, **ended)


@pytest.mark.parametrize(
    ("past", "counts"),
    [
        (row(changes=True, status=ActionStatus.RUNNING), True),
        (row(changes=True, status=ActionStatus.TIMEOUT), True),
        (row(changes=True, status=ActionStatus.FAILED), False),
        (row(changes=True, status=ActionStatus.FAILED, exit_code=1), True),
        (row(changes=False, status=ActionStatus.RUNNING), False),
        (row(changes=False, status=ActionStatus.SUCCESS, exit_code=0), True),
        (row(changes=False, status=ActionStatus.UNKNOWN, exit_code=0), False),
        (row(changes=False, kind=StepType.SLEEP, status=ActionStatus.SUCCESS), True),
        (row(changes=False, kind=StepType.SLEEP, status=ActionStatus.RUNNING), False),
    ],
)
def test_what_of_the_past_counts(past: PastAction, *, counts: bool) -> None:
    taken = Past([past]).take(1, past.action.type, "x")
    assert (taken is past) is counts


def test_each_is_handed_out_once() -> None:
    ended = row(changes=True, status=ActionStatus.SUCCESS, exit_code=0)
    past = Past([ended, ended])
    taken: Callable[[], PastAction | None] = lambda: past.take(1, StepType.SSH_COMMAND, "x")  # noqa: E731
    assert past.change_left() == "x"
    assert [taken(), taken(), taken()] == [ended, ended, None]
    assert past.change_left() == ""
