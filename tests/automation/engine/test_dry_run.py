"""A real run that repeats a dry run exactly, and warns of what is not as it was."""

from typing import Any

import pytest

from automation.engine import Run, Runbook
from automation.engine.dry_run import Comparison, DryRun
from automation.engine.results import ActionStatus, Outcome, Status, StepType
from automation.engine.testing import reply
from tests.automation.engine.samples import World, with_steps


def work(_runbook: Runbook, run: Run) -> None:
    found = run.read("find").stdout
    run.read("date")
    name = run.once("name", lambda: f"copy-{found}")
    run.change("copy", name)
    run.read("date")
    run.change("remove", found)


RUNBOOK = with_steps(work)
REPLIES: dict[str, Any] = {
    "find": reply("a"),
    "date": reply("noon"),
    "copy": reply(),
    "remove": reply(),
}


def dry_run(**replies: Any) -> DryRun:
    world = World({**REPLIES, **replies})
    outcome = world.execute(RUNBOOK(), is_dry_run=True)
    assert outcome.status is Status.SUCCESS
    rows = [row for row in world.journal.rows if row.action.type is StepType.SSH_COMMAND]
    return DryRun(
        reads={row.text: row.stdout for row in rows if not row.action.changes},
        changes={row.text for row in rows if row.status is ActionStatus.PLANNED},
        once=outcome.once,
    )


def repeated(as_in: DryRun, **replies: Any) -> tuple[World, Outcome]:
    world = World({**REPLIES, **replies})
    return world, world.execute(RUNBOOK(), as_in=as_in)


def test_the_same_again_warns_of_nothing() -> None:
    world, outcome = repeated(dry_run())
    assert (outcome.status, outcome.warnings) == (Status.SUCCESS, ())
    assert world.sent == ["find", "date", "copy copy-a", "date", "remove a"]


def test_what_was_read_and_has_changed_is_warned_of_before_the_first_change() -> None:
    world, outcome = repeated(dry_run(), find=reply("b"))
    assert outcome.status is Status.SUCCESS
    assert outcome.warnings == (
        "Since the dry run, this says something else: find",
        "The dry run did not show this change: remove b",
    )
    told = [row.text for row in world.journal.rows]
    assert told.index(outcome.warnings[0]) < told.index("copy copy-a")
    assert told.index(outcome.warnings[1]) < told.index("remove b")


def test_names_made_up_in_the_dry_run_are_used() -> None:
    world, _ = repeated(dry_run(), find=reply("b"))
    assert "copy copy-a" in world.sent


def test_a_run_without_a_dry_run_compares_nothing() -> None:
    comparison = Comparison(None)
    comparison.saw("find", "a")
    assert comparison.warnings_before("remove") == []


@pytest.mark.parametrize("times", [1, 3])
def test_each_difference_is_told_once(times: int) -> None:
    comparison = Comparison(DryRun(reads={"find": "a"}, changes={"go"}))
    for _ in range(times):
        comparison.saw("find", "b")
    assert comparison.warnings_before("go") == ["Since the dry run, this says something else: find"]
    assert comparison.warnings_before("go") == []


def test_what_the_dry_run_shows_masked_is_compared_masked() -> None:
    comparison = Comparison(
        DryRun(reads={"find ***": "key ***"}, changes={"go ***"}),
        shown=lambda text: text.replace("secret", "***"),
    )
    comparison.saw("find secret", "key secret")
    assert comparison.warnings_before("go secret") == []
    assert comparison.warnings_before("run secret") == [
        "The dry run did not show this change: run ***"
    ]
