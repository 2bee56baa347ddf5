from typing import Any

import pytest

from automation.engine import Run, Runbook, Shell
from automation.engine.results import ActionStatus, ErrorCode, Status, StepType
from automation.engine.testing import Rehearsal, rehearse, reply
from tests.automation.engine.samples import World, with_steps


def rehearsed(step: Any, replies: Any = None, **options: Any) -> Rehearsal:
    return rehearse(with_steps(step), {}, replies or {}, **options)


def test_exit_codes_that_the_step_accepts_are_no_failure() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.result["codes"] = [
            run.read("grep", ok=(0, 1)).exit_code,
            run.read("grep", ok=None).exit_code,
            run.change("grep", ok=[1]).exit_code,
        ]

    rehearsal = rehearsed(go, {"grep": reply(exit_code=1)})
    assert rehearsal.outcome.result == {"codes": [1, 1, 1]}
    assert {row.status for row in rehearsal.log} == {ActionStatus.SUCCESS}


def test_a_planned_change_answers_as_planned() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        result = run.change("x")
        run.result.update(planned=result.planned, ok=result.ok)

    assert rehearsed(go, is_dry_run=True).outcome.result == {"planned": True, "ok": True}


def test_standard_input_reaches_the_command_and_not_the_log() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.change("chpasswd", stdin="hunter2", sudo=True)
        run.read("cat", stdin="other")

    world = World({"chpasswd": reply(), "cat": reply()})
    world.execute(with_steps(go)())
    assert [command.stdin for command in world.transport.commands] == ["hunter2", "other"]
    assert [command.changes for command in world.transport.commands] == [True, False]
    assert "hunter2" not in repr(world.journal.rows)


def test_a_shell_is_sent_with_its_arguments_quoted() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.read(Shell('echo "$1"'), "a; b")

    assert rehearsed(go, {"/bin/sh": reply()}).commands == ["""/bin/sh -c 'echo "$1"' sh 'a; b'"""]


def test_a_secret_can_t_be_a_word() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.read("echo", 5)  # type: ignore[arg-type]

    outcome = rehearsed(go).outcome
    assert outcome.error_code is ErrorCode.INTERNAL
    assert outcome.error_message.startswith("Each word of a command must be text, not int")


def test_notes_checks_and_waits_are_rows_of_the_log() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.note("Nothing to see")
        run.validate([1], "There is one")
        run.sleep(1.5)

    rehearsal = rehearsed(go)
    assert [(row.action.type, row.text) for row in rehearsal.log] == [
        (StepType.VALIDATION, "Nothing to see"),
        (StepType.VALIDATION, "There is one"),
        (StepType.SLEEP, "Wait 1.5 s"),
    ]
    assert {row.status for row in rehearsal.log} == {ActionStatus.SUCCESS}
    assert rehearsal.slept == [1.5]


def test_steps_share_data_result_summary_and_the_previous_result() -> None:
    def first(_runbook: Runbook, run: Run) -> None:
        run.data["seen"] = run.previous.get("healthy")
        run.summary = "One"

    def second(_runbook: Runbook, run: Run) -> None:
        run.result["seen"] = run.data["seen"]
        run.summary += " and two."

    rehearsal = rehearse(with_steps(first, second), {}, {}, previous={"healthy": False})
    assert rehearsal.outcome.status is Status.SUCCESS
    assert rehearsal.outcome.result == {"seen": False}
    assert rehearsal.outcome.summary == "One and two."


def test_without_a_previous_execution_its_result_is_empty() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.result["previous"] = dict(run.previous)

    assert rehearsed(go).outcome.result == {"previous": {}}


@pytest.mark.parametrize("is_dry_run", [False, True])
def test_a_wait_before_any_planned_change_is_waited(*, is_dry_run: bool) -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.sleep(3)

    assert rehearsed(go, is_dry_run=is_dry_run).slept == [3]
