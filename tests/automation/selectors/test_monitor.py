from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from automation.engine.results import ActionStatus, Status
from automation.models import Execution, Trigger
from automation.selectors import monitor
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def statuses(execution: Execution) -> list[str]:
    return [step["status"] for step in monitor.steps(execution)]


@pytest.mark.parametrize(
    ("fields", "ending"),
    [
        ({"status": Status.PENDING}, "waits to run."),
        ({"status": Status.RUNNING}, "runs now."),
        ({"status": Status.SUCCESS}, "succeeded."),
        ({"status": Status.SUCCESS, "verdict": "FIXED"}, "succeeded and fixed it."),
        ({"status": Status.FAILED, "verdict": "MADE_WORSE"}, "failed and made it worse."),
        ({"status": Status.UNKNOWN}, "ended, nobody knows how."),
    ],
)
def test_one_sentence_says_how_it_stands(fields: dict[str, Any], ending: str) -> None:
    execution = makers.execution(**fields)
    said = monitor.sentence(execution)
    assert said == f"Mend a file on {execution.server.name}, started by somebody, {ending}"


@pytest.mark.parametrize(
    ("trigger", "name", "who"),
    [
        (Trigger.SCHEDULED, "Nightly", "started by the schedule Nightly,"),
        (Trigger.INCIDENT, "Full disks", "started by the rule Full disks,"),
        (Trigger.SCHEDULED, "", "started by itself,"),
    ],
)
def test_what_started_by_itself_is_told_by_its_name(trigger: Trigger, name: str, who: str) -> None:
    execution = makers.execution(triggered_by=trigger, trigger_name=name)
    assert who in monitor.sentence(execution)


def test_the_sentence_of_a_dry_run_says_that_it_is_one() -> None:
    assert monitor.sentence(makers.execution(is_dry_run=True)).startswith("Dry run of Mend a file")


@pytest.mark.parametrize(
    ("status", "current", "expected"),
    [
        (Status.PENDING, 0, ["PENDING", "PENDING", "PENDING"]),
        (Status.RUNNING, 0, ["PENDING", "PENDING", "PENDING"]),
        (Status.RUNNING, 2, ["SUCCESS", "RUNNING", "PENDING"]),
        (Status.RUNNING, 4, ["SUCCESS", "SUCCESS", "SUCCESS"]),
        (Status.PENDING, 2, ["SUCCESS", "PENDING", "PENDING"]),
        (Status.SUCCESS, 4, ["SUCCESS", "SUCCESS", "SUCCESS"]),
        (Status.FAILED, 2, ["SUCCESS", "FAILED", "SKIPPED"]),
        (Status.CANCELLED, 0, ["SKIPPED", "SKIPPED", "SKIPPED"]),
    ],
)
def test_each_step_has_its_state(status: Status, current: int, expected: list[str]) -> None:
    execution = makers.execution(
        status=status, current_step=current, total_steps=3, step_titles=["a", "b", "c"]
    )
    assert statuses(execution) == expected
    assert [step["title"] for step in monitor.steps(execution)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"status": ActionStatus.FAILED, "step_number": 1}, ["FAILED", "SKIPPED"]),
        ({"status": ActionStatus.UNKNOWN, "step_number": 2}, ["SUCCESS", "FAILED"]),
        ({"status": ActionStatus.FAILED, "step_number": 0}, ["SUCCESS", "FAILED"]),
        ({"status": ActionStatus.FAILED, "step_number": 3}, ["SUCCESS", "FAILED"]),
        ({"status": ActionStatus.SUCCESS, "step_number": 1}, ["SUCCESS", "FAILED"]),
    ],
)
def test_the_log_says_in_which_step_it_stopped(row: dict[str, Any], expected: list[str]) -> None:
    execution = makers.execution(status=Status.FAILED, current_step=2)
    makers.log_row(execution, 1, **row)
    assert statuses(execution) == expected


def test_a_step_takes_as_long_as_from_its_first_row_to_its_last() -> None:
    execution = makers.execution(status=Status.SUCCESS)
    for seq, first, last in ((1, "00", "01"), (2, "01", "03.5")):
        makers.log_row(
            execution,
            seq,
            started_at=f"2026-01-01T00:00:{first}Z",
            finished_at=f"2026-01-01T00:00:{last}Z",
        )
    makers.log_row(execution, 3, step_number=2, status=ActionStatus.RUNNING, finished_at=None)
    assert [step["duration_ms"] for step in monitor.steps(execution)] == [3500, None]


def test_a_step_whose_change_was_only_shown_is_planned() -> None:
    execution = makers.execution(
        status=Status.SUCCESS, is_dry_run=True, total_steps=3, step_titles=["a", "b", "c"]
    )
    makers.log_row(execution, 1, step_number=1)
    makers.log_row(execution, 2, step_number=2, status=ActionStatus.PLANNED, changes=True)
    makers.log_row(execution, 3, step_number=3, status=ActionStatus.PLANNED)
    assert statuses(execution) == ["SUCCESS", "PLANNED", "SUCCESS"]


def test_a_step_that_was_left_out_is_told_from_one_that_was_never_reached() -> None:
    execution = makers.execution(
        status=Status.FAILED, current_step=2, total_steps=3, step_titles=["a", "b", "c"]
    )
    makers.log_row(execution, 1, status=ActionStatus.SKIPPED)
    makers.log_row(execution, 2, step_number=2, status=ActionStatus.FAILED)
    assert statuses(execution) == ["SKIPPED", "FAILED", "SKIPPED"]
    assert [step["was_reached"] for step in monitor.steps(execution)] == [True, True, False]


def taken_back(execution: Execution) -> list[tuple[str, str]]:
    return [(step["status"], step["taken_back"]) for step in monitor.steps(execution)]


def test_the_steps_that_a_rollback_has_taken_back_say_so() -> None:
    execution = makers.execution(
        status=Status.ROLLED_BACK, rollback_status=Status.SUCCESS, current_step=2
    )
    makers.log_row(execution, 1)
    makers.log_row(execution, 2, step_number=2, step_name="Take back: Second")
    assert taken_back(execution) == [("SUCCESS", ""), ("SUCCESS", "SUCCESS")]


def test_what_had_failed_before_it_was_taken_back_still_says_where() -> None:
    execution = makers.execution(
        status=Status.ROLLED_BACK,
        error_code="COMMAND_FAILED",
        current_step=1,
        total_steps=3,
        step_titles=["a", "b", "c"],
    )
    makers.log_row(execution, 1)
    makers.log_row(execution, 2, step_number=2, status=ActionStatus.FAILED)
    makers.log_row(execution, 3, step_number=1, step_name="Take back: a")
    assert taken_back(execution) == [("SUCCESS", "SUCCESS"), ("FAILED", ""), ("SKIPPED", "")]


def test_while_it_is_taken_back_the_step_at_hand_says_so() -> None:
    execution = makers.execution(
        status=Status.SUCCESS,
        rollback_status=Status.RUNNING,
        current_step=2,
        total_steps=3,
        step_titles=["a", "b", "c"],
    )
    makers.log_row(execution, 1, step_number=3, step_name="Take back: c")
    assert [each for _, each in taken_back(execution)] == ["", "RUNNING", "SUCCESS"]


def test_a_rollback_adds_nothing_to_how_long_a_step_took() -> None:
    execution = makers.execution(status=Status.ROLLED_BACK)
    for seq, name, hour in ((1, "First", 1), (2, "Take back: First", 9)):
        makers.log_row(
            execution,
            seq,
            step_name=name,
            started_at=f"2026-01-01T0{hour}:00:00Z",
            finished_at=f"2026-01-01T0{hour}:00:02Z",
        )
    makers.log_row(execution, 3, step_number=2, step_name="Take back: Second")
    assert [step["duration_ms"] for step in monitor.steps(execution)] == [2000, None]


def test_a_failed_rollback_says_nothing_of_where_the_run_had_stopped() -> None:
    execution = makers.execution(status=Status.FAILED, current_step=2)
    makers.log_row(execution, 1, step_number=2, status=ActionStatus.FAILED)
    makers.log_row(execution, 2, step_name="Take back: First", status=ActionStatus.FAILED)
    assert statuses(execution) == ["SUCCESS", "FAILED"]


def test_the_sentence_of_what_was_taken_back_says_by_whom_and_no_verdict() -> None:
    boss = makers.user("MANAGER", username="boss")
    execution = makers.execution(status=Status.ROLLED_BACK, verdict="FIXED", rollback_by=boss)
    assert monitor.sentence(execution).endswith("was rolled back by boss.")
    execution.rollback_by = None
    assert monitor.sentence(execution).endswith("was rolled back.")


def test_the_change_whose_end_nobody_saw_is_the_one_to_look_for() -> None:
    execution = makers.execution(status=Status.UNKNOWN)
    assert monitor.last_change(execution) is None
    makers.log_row(execution, 1, changes=True, command="first")
    makers.log_row(execution, 2, changes=True, command="last")
    makers.log_row(execution, 3)
    found = monitor.last_change(execution)
    assert found is not None
    assert found.command == "last"
    makers.log_row(execution, 4, changes=True, command="unseen", status=ActionStatus.UNKNOWN)
    makers.log_row(execution, 5, changes=True, command="other")
    found = monitor.last_change(execution)
    assert found is not None
    assert found.command == "unseen"


def test_both_assessments_stand_side_by_side() -> None:
    execution = makers.execution(
        assessment_before={"values": {"is_up": False, "pid": 1, "gone": 2}},
        assessment_after={"values": {"is_up": True, "pid": 1, "new": 3}},
    )
    rows = {row["name"]: row for row in monitor.assessment_rows(execution)}
    assert rows == {
        "is up": {"name": "is up", "before": False, "after": True, "changed": True},
        "pid": {"name": "pid", "before": 1, "after": 1, "changed": False},
        "gone": {"name": "gone", "before": 2, "after": None, "changed": True},
        "new": {"name": "new", "before": None, "after": 3, "changed": True},
    }
    execution.assessment_after = None
    assert not any(row["changed"] for row in monitor.assessment_rows(execution))
    execution.assessment_before = None
    assert monitor.assessment_rows(execution) == []


def test_running_again_fills_lists_line_by_line() -> None:
    incident = uuid4()
    execution = makers.execution(
        "SAMPLE_SCRIPTED",
        parameters={"reads": ["a", "b"], "limit": 3, "user": None},
        incident_id=incident,
    )
    page, _, query = monitor.edit_url(execution).partition("?")
    assert page == "/runbooks/SAMPLE_SCRIPTED/"
    assert parse_qs(query) == {
        "server": [str(execution.server_id)],
        "reads": ["a\nb"],
        "limit": ["3"],
        "incident": [str(incident)],
    }


def test_what_it_usually_takes_comes_from_those_that_succeeded() -> None:
    times = {"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:09Z"}
    execution = makers.execution(status=Status.FAILED, **times)
    assert monitor.pace(execution) == monitor.Pace(elapsed=9_000, usual=30_000)
    makers.execution(status=Status.SUCCESS, **times)
    assert monitor.pace(execution) == monitor.Pace(elapsed=9_000, usual=9_000)


def test_what_no_user_started_says_so() -> None:
    execution = makers.execution(triggered_by=Trigger.INCIDENT, triggered_by_user=None)
    assert "started by itself" in monitor.sentence(execution)
