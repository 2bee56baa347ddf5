from typing import Any

import pytest

from automation.engine.descriptions import describe
from automation.engine.errors import CommandTimedOut, ParametersInvalid, SudoUnavailable
from automation.engine.params import parse
from automation.engine.results import ErrorCode, Status, Verdict
from automation.engine.rollback import rollback_plan
from automation.engine.testing import Rehearsal, rehearse, rehearse_rollback, reply
from automation.runbooks.service_restart import RestartService

NGINX = {"serviceName": "nginx"}
JOURNAL = "10:00 nginx[7]: bind() to 0.0.0.0:80 failed (98: Address already in use)"


def state(active: str, sub: str = "", pid: str = "0", restarts: str = "0", **more: str) -> Any:
    values = {"LoadState": "loaded", "ActiveState": active, "SubState": sub, "MainPID": pid,
              "NRestarts": restarts, "UnitFileState": "enabled", **more}  # fmt: skip
    return reply("".join(f"{name}={value}\n" for name, value in values.items()))


FAILED = state("failed", "failed")
RUNNING = state("active", "running", "42")


def play(*states: Any, **options: Any) -> Rehearsal:
    """Rehearse with what ``systemctl show`` says, look by look; the last stays."""
    replies = {
        "systemctl show nginx.service": list(states),
        "systemctl restart nginx.service": reply(),
        "journalctl": reply(JOURNAL + "\n"),
        **options.pop("replies", {}),
    }
    return rehearse(RestartService, {**NGINX, **options.pop("params", {})}, replies, **options)


def test_a_failed_unit_is_restarted_and_fixed() -> None:
    rehearsal = play(FAILED, FAILED, RUNNING)
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.verdict) == (Status.SUCCESS, Verdict.FIXED)
    assert outcome.summary == (
        "nginx.service was restarted and is active (running); before, it was failed (failed)."
    )
    assert outcome.before.summary == "nginx.service is failed (failed)."
    assert outcome.after.values == {
        "activeState": "active", "subState": "running", "mainPid": "42", "restarts": "0",
    }  # fmt: skip
    assert outcome.result["before"]["ActiveState"] == "failed"
    assert outcome.result["after"]["MainPID"] == "42"
    assert [text for text in rehearsal.commands if "show" not in text] == [
        "systemctl restart nginx.service"
    ]
    assert rehearsal.slept == [2]


def test_only_the_restart_changes_something_and_it_uses_sudo() -> None:
    rehearsal = play(RUNNING, params={"gracefulTimeout": 9, "verifyDelay": 0})
    assert [row.text for row in rehearsal.log if row.action.changes] == [
        "systemctl restart nginx.service"
    ]
    assert rehearsal.outcome.verdict is Verdict.NOTHING_TO_FIX
    assert rehearsal.slept == [0]


def test_a_dry_run_shows_the_restart_and_judges_nothing_later() -> None:
    rehearsal = play(FAILED, is_dry_run=True)
    assert rehearsal.outcome.status is Status.SUCCESS
    assert rehearsal.planned == ["systemctl restart nginx.service"]
    assert rehearsal.slept == []


def test_a_unit_that_does_not_exist_is_told_with_a_similar_name() -> None:
    replies = {"systemctl list-unit-files": reply("nginx.socket static\nnginy.service enabled\n\n")}
    outcome = play(reply("LoadState=not-found\nActiveState=inactive\n"), replies=replies).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.VALIDATION)
    assert outcome.error_message == (
        "There is no unit nginx.service on this server. Did you mean nginy.service? "
        "`systemctl list-unit-files` lists what there is."
    )
    assert outcome.before.summary == "nginx.service does not exist."
    assert outcome.verdict is None


def test_without_a_similar_name_there_is_no_hint() -> None:
    replies = {"systemctl list-unit-files": reply(exit_code=1)}
    outcome = play(reply("LoadState=not-found\n"), replies=replies).outcome
    assert outcome.error_message.startswith("There is no unit nginx.service on this server. `sys")


@pytest.mark.parametrize(
    ("load_state", "words"),
    [
        ("masked", "systemctl unmask nginx.service"),
        ("bad-setting", "(it says: bad-setting)"),
        ("", "(it says: nothing)"),
    ],
)
def test_a_unit_that_can_t_start_is_refused_before_anything_is_touched(
    load_state: str, words: str
) -> None:
    rehearsal = play(state("inactive", LoadState=load_state))
    assert words in rehearsal.outcome.error_message
    assert not rehearsal.outcome.changed


def test_a_restart_that_fails_tells_the_last_lines_of_the_journal() -> None:
    failed = reply(exit_code=1, stderr="Job failed.")
    replies = {"systemctl restart nginx.service": failed}
    outcome = play(FAILED, replies=replies).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert outcome.error_message == (
        "`systemctl restart nginx.service` ended with exit code 1: Job failed. "
        f"Its last lines:\n{JOURNAL}"
    )
    assert outcome.verdict is Verdict.NOT_FIXED


def test_a_unit_that_is_down_after_the_restart_is_no_success() -> None:
    outcome = play(RUNNING, RUNNING, FAILED).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert outcome.error_message.startswith(
        f"nginx.service was restarted but is failed (failed). Its last lines:\n{JOURNAL}"
    )
    assert outcome.verdict is Verdict.MADE_WORSE


@pytest.mark.parametrize(
    "later",
    [state("active", "running", "43"), state("active", "running", "42", restarts="1")],
    ids=["another process", "restarted by systemd"],
)
def test_a_unit_that_dies_and_comes_back_is_not_stable(later: Any) -> None:
    outcome = play(FAILED, FAILED, RUNNING, later).outcome
    assert outcome.status is Status.FAILED
    assert "died again within 2 s" in outcome.error_message
    # It is up for a moment, again; that is no cure.
    assert outcome.verdict is Verdict.NOT_FIXED
    assert outcome.after is not None
    assert outcome.after.summary == "nginx.service is active (running), and did not stay up."


def test_properties_that_a_systemctl_does_not_know_are_done_without() -> None:
    small = reply("LoadState=loaded\nActiveState=active\nMainPID=\n")
    outcome = play(small).outcome
    assert outcome.status is Status.SUCCESS
    assert outcome.summary == ("nginx.service was restarted and is active; before, it was active.")


def test_a_state_that_could_not_be_read_is_said() -> None:
    outcome = play(reply(stderr="Failed to connect to bus", exit_code=1)).outcome
    assert outcome.before.summary == "nginx.service is in a state that could not be read."
    assert outcome.error_code is ErrorCode.COMMAND_FAILED


def test_without_a_journal_the_status_is_told() -> None:
    replies = {
        "journalctl": reply(exit_code=127),
        "systemctl status": reply("Active: failed\n", exit_code=3),
    }
    assert play(RUNNING, RUNNING, FAILED, replies=replies).outcome.error_message.endswith(
        "Its last lines:\nActive: failed"
    )
    replies["systemctl status"] = reply(exit_code=4)
    assert play(RUNNING, RUNNING, FAILED, replies=replies).outcome.error_message.endswith(
        "It left no lines in the journal."
    )


def test_where_sudo_does_not_allow_the_journal_the_status_is_told() -> None:
    replies = {
        "journalctl": SudoUnavailable("Not allowed."),
        "systemctl status": reply("Active: failed\n", exit_code=3),
    }
    outcome = play(RUNNING, RUNNING, FAILED, replies=replies).outcome
    assert outcome.error_message == (
        "nginx.service was restarted but is failed (failed). Its last lines:\nActive: failed"
    )


def test_a_missing_sudo_is_told_and_nothing_is_changed() -> None:
    replies = {"systemctl restart nginx.service": SudoUnavailable("sudo wants a password.")}
    outcome = play(FAILED, replies=replies).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.SUDO)
    assert not outcome.changed


def test_a_restart_that_takes_too_long_is_a_timeout() -> None:
    replies = {"systemctl restart nginx.service": CommandTimedOut("Took over 30 s.")}
    assert play(FAILED, replies=replies).outcome.status is Status.TIMEOUT


@pytest.mark.parametrize(
    ("was", "now", "command"),
    [
        ("inactive", "active", ["systemctl stop nginx.service"]),
        ("failed", "active", ["systemctl stop nginx.service"]),
        ("active", "failed", ["systemctl start nginx.service"]),
        ("active", "active", []),
        ("inactive", "inactive", []),
    ],
)
def test_a_rollback_brings_the_saved_state_back(was: str, now: str, command: list[str]) -> None:
    replies = {"systemctl show": state(now), "systemctl stop": reply(), "systemctl start": reply()}
    back = rehearse_rollback(
        RestartService, NGINX, replies, data={"unit": {"ActiveState": was}}, steps_done=(1, 2, 3)
    )
    assert back.outcome.status is Status.ROLLED_BACK
    assert [row.text for row in back.log if row.action.changes] == command


def test_a_rollback_finds_what_the_execution_kept() -> None:
    done = play(FAILED, FAILED, RUNNING).outcome
    assert [title for _, title in rollback_plan(RestartService, done.steps_done)] == [
        "Restart the unit"
    ]
    replies = {"systemctl show": RUNNING, "systemctl stop": reply()}
    back = rehearse_rollback(
        RestartService, NGINX, replies, data=done.data, steps_done=done.steps_done
    )
    assert back.commands[-1] == "systemctl stop nginx.service"


def test_the_parameters_are_those_of_the_contract() -> None:
    found = {p.name: (p.type, p.required, p.default, p.unit) for p in describe(RestartService)}
    assert found == {
        "serviceName": ("systemd unit", True, None, ""),
        "gracefulTimeout": ("whole number", False, 30, "s"),
        "verifyDelay": ("whole number", False, 2, "s"),
    }


def test_a_name_with_a_command_in_it_is_refused() -> None:
    with pytest.raises(ParametersInvalid, match="is not the name of a systemd unit"):
        parse(RestartService, {"serviceName": "nginx; rm -rf /"})
