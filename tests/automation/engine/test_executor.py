import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from automation.engine import Assessment, Run, Runbook
from automation.engine.errors import (
    AuthenticationFailed,
    CommandFailed,
    CommandTimedOut,
    ConnectionFailed,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    HostKeyRejected,
    LeaseLost,
    SudoUnavailable,
)
from automation.engine.ports import Action
from automation.engine.results import ActionStatus, CancelOutcome, ErrorCode, Status, Verdict
from automation.engine.testing import ManualStop, MemoryJournal, rehearse, reply
from tests.automation.engine.samples import RestartSample, World, with_steps

GOOD = {
    "systemctl is-active": [reply("inactive", exit_code=3), reply("active")],
    "systemctl show": reply("state"),
    "systemctl restart": reply(),
    "systemctl verify": reply(),
}


def restart(**replies: Any) -> World:
    return World({**GOOD, **{f"systemctl {verb}": value for verb, value in replies.items()}})


def run_sample(world: World, **options: Any) -> Any:
    return world.execute(RestartSample(service_name="nginx"), **options)


def test_steps_run_from_top_to_bottom_between_two_assessments() -> None:
    world = restart()
    outcome = run_sample(world)
    assert outcome.status is Status.SUCCESS
    assert outcome.verdict is Verdict.FIXED
    assert (outcome.before.values, outcome.after.values) == (
        {"state": "inactive"},
        {"state": "active"},
    )
    assert outcome.changed
    assert outcome.steps_done == (1, 2, 3)
    assert outcome.data == {"was": "state"}
    assert outcome.summary == "Restart a sample: done, 3 steps."
    assert (outcome.error_code, outcome.error_message) == (None, "")
    assert world.journal.steps == [
        "0/3 Assess before",
        "1/3 Remember",
        "2/3 Restart",
        "3/3 Verify",
        "4/3 Assess after",
    ]
    assert [row.action.step_number for row in world.journal.rows] == [0, 1, 2, 3, 3, 3, 4]


def test_the_log_is_numbered_after_an_earlier_attempt() -> None:
    world = restart()
    run_sample(world, seq_after=5)
    assert [row.action.seq for row in world.journal.rows] == list(range(6, 13))


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("inactive", "active", Verdict.FIXED),
        ("inactive", "inactive", Verdict.NOT_FIXED),
        ("active", "active", Verdict.NOTHING_TO_FIX),
        ("active", "inactive", Verdict.MADE_WORSE),
    ],
)
def test_the_assessments_give_the_verdict(before: str, after: str, verdict: Verdict) -> None:
    world = restart(**{"is-active": [reply(before), reply(after)]})
    assert run_sample(world).verdict is verdict


def test_a_dry_run_reads_and_only_shows_the_change() -> None:
    world = restart(verify=reply(exit_code=3), show=reply("broken"))
    outcome = run_sample(world, is_dry_run=True)
    assert outcome.status is Status.SUCCESS
    assert outcome.summary == "Would send 1 changing command: systemctl restart nginx.service"
    assert not outcome.changed
    assert outcome.verdict is None
    assert outcome.after is None
    assert world.sent == [
        "systemctl is-active nginx.service",
        "systemctl show nginx.service",
        "systemctl verify nginx.service",
    ]
    assert world.stop.slept == []
    planned = [row for row in world.journal.rows if row.status is ActionStatus.PLANNED]
    assert [row.text for row in planned] == [
        "systemctl restart nginx.service",
        "Wait 2 s",
        "It is not broken (This can be judged only after the change.)",
    ]
    (verify,) = [row for row in world.journal.rows if "verify" in row.text]
    assert (verify.status, verify.exit_code) == (ActionStatus.SUCCESS, 3)
    assert verify.error_message == "This can be judged only after the change."


def test_a_dry_run_shows_sudo_as_it_would_be_sent() -> None:
    world = World(GOOD, as_root=False)
    outcome = run_sample(world, is_dry_run=True)
    assert outcome.summary.endswith(": sudo -n -- systemctl restart nginx.service")


def test_before_a_planned_change_a_dry_run_fails_as_a_run_does() -> None:
    world = restart(show=reply(exit_code=4, stderr="No such unit"))
    outcome = run_sample(world, is_dry_run=True)
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)


def test_the_summary_of_a_dry_run_counts_the_commands() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.change("a")
        run.change("b", "c d")

    def stay(_runbook: Runbook, run: Run) -> None:
        run.summary = "Looked."

    assert rehearse(with_steps(go), {}, {}, is_dry_run=True).outcome.summary == (
        "Would send 2 changing commands: a; b 'c d'"
    )
    assert rehearse(with_steps(stay), {}, {}, is_dry_run=True).outcome.summary == (
        "Would send no changing command."
    )
    reading = with_steps(stay, changes=False)
    assert rehearse(reading, {}, {}, is_dry_run=True).outcome.summary == "Looked."


def test_the_summary_of_a_dry_run_says_what_it_would_affect() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.affects = "3 files in /srv"
        run.note(run.affects)
        run.change("a")

    assert rehearse(with_steps(go), {}, {"a": reply()}, is_dry_run=True).outcome.summary == (
        "Would affect 3 files in /srv. Would send 1 changing command: a"
    )
    assert rehearse(with_steps(go), {}, {"a": reply()}).outcome.summary.endswith("done, 1 step.")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ConnectionFailed("a"), Status.FAILED, ErrorCode.CONNECTION),
        (AuthenticationFailed("a"), Status.FAILED, ErrorCode.AUTHENTICATION),
        (HostKeyRejected("a"), Status.FAILED, ErrorCode.HOST_KEY),
        (SudoUnavailable("a"), Status.FAILED, ErrorCode.SUDO),
        (CommandFailed("a"), Status.FAILED, ErrorCode.COMMAND_FAILED),
        (CommandTimedOut("a"), Status.TIMEOUT, ErrorCode.TIMEOUT),
        (ConnectionLost("a"), Status.FAILED, ErrorCode.CONNECTION_LOST),
    ],
)
def test_each_error_of_a_reading_command_gets_its_status_code_and_sentence(
    error: EngineError, status: Status, code: ErrorCode
) -> None:
    outcome = run_sample(restart(show=error))
    assert (outcome.status, outcome.error_code, outcome.error_message) == (status, code, "a")
    assert outcome.summary.endswith(" in step 1 of 3, “Remember”.")
    assert outcome.steps_done == ()
    assert not outcome.changed
    assert outcome.verdict is None


@pytest.mark.parametrize(
    ("error", "changed"),
    [
        (ConnectionFailed(), False),
        (AuthenticationFailed(), False),
        (HostKeyRejected(), False),
        (SudoUnavailable(), False),
        (CommandTimedOut(), True),
        (ConnectionLost(), True),
        (ExecutionStopped("CANCELLED"), True),
    ],
)
def test_a_change_counts_as_sent_unless_the_error_says_it_was_not(
    error: EngineError, *, changed: bool
) -> None:
    outcome = run_sample(restart(restart=error))
    assert outcome.changed is changed
    assert outcome.steps_done == ((1, 2) if changed else (1,))


def test_a_connection_lost_while_changing_is_unknown_and_names_the_command() -> None:
    world = restart(restart=ConnectionLost("The connection broke."))
    outcome = run_sample(world)
    assert (outcome.status, outcome.error_code) == (Status.UNKNOWN, ErrorCode.CONNECTION_LOST)
    assert outcome.error_message == (
        "The connection broke. Nobody saw the end of `systemctl restart nginx.service`: it may "
        "have run or not. Look at the server before you run it again."
    )
    assert outcome.summary == "Ended unknown in step 2 of 3, “Restart”."
    assert world.journal.rows[-1].status is ActionStatus.UNKNOWN
    assert outcome.after is None


def test_a_failed_change_is_assessed_after_and_keeps_its_reason() -> None:
    world = restart(restart=reply(exit_code=1, stderr="Job failed\nSee journal"))
    outcome = run_sample(world)
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert outcome.error_message == (
        "`systemctl restart nginx.service` ended with exit code 1: Job failed See journal"
    )
    assert outcome.verdict is Verdict.FIXED
    assert world.journal.rows[-2].status is ActionStatus.FAILED


def test_a_command_that_fails_without_a_word_is_told_by_its_exit_code() -> None:
    outcome = run_sample(restart(show=reply(exit_code=9)))
    assert outcome.error_message == "`systemctl show nginx.service` ended with exit code 9."


def test_a_check_that_fails_after_the_change_is_no_mere_validation() -> None:
    """VALIDATION would say that nothing was done, and start no cooldown."""
    outcome = run_sample(restart(show=reply("broken")))
    assert (outcome.error_code, outcome.error_message) == (
        ErrorCode.COMMAND_FAILED,
        "It is broken.",
    )


def test_a_check_that_fails_before_any_change_is_a_validation() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.validate(False, "It is there", otherwise="It is not there.")

    rehearsal = rehearse(with_steps(go), {}, {})
    assert rehearsal.outcome.error_code is ErrorCode.VALIDATION
    assert rehearsal.log[0].status is ActionStatus.FAILED
    assert rehearsal.log[0].error_message == "It is not there."


def test_nothing_is_assessed_after_a_failure_that_changed_nothing() -> None:
    world = restart(show=reply(exit_code=4))
    assert run_sample(world).after is None
    assert "4/3 Assess after" not in world.journal.steps


def test_an_assessment_before_that_fails_ends_the_execution() -> None:
    outcome = run_sample(restart(**{"is-active": ConnectionFailed("Not reachable.")}))
    assert outcome.status is Status.FAILED
    assert outcome.summary == "Failed in the assessment before."
    assert outcome.steps_done == ()


@pytest.mark.parametrize("error", [ConnectionLost("Gone."), ExecutionStopped("CANCELLED")])
def test_an_assessment_after_that_fails_leaves_the_steps_success(error: EngineError) -> None:
    outcome = run_sample(restart(**{"is-active": [reply("inactive"), error]}))
    assert outcome.status is Status.SUCCESS
    assert outcome.verdict is None
    assert " What it achieved could not be assessed: " in outcome.summary


def test_an_assessment_may_say_nothing() -> None:
    class Silent(RestartSample, abstract=True):
        def assess(self, run: Run) -> Assessment | None:  # type: ignore[override]
            return None

    outcome = restart().execute(Silent(service_name="a"))
    assert (outcome.before, outcome.after, outcome.verdict) == (None, None, None)


def test_an_assessment_may_only_read() -> None:
    class Meddling(RestartSample, abstract=True):
        def assess(self, run: Run) -> Assessment:
            run.change("rm", "a b")
            raise AssertionError

    world = World()
    outcome = world.execute(Meddling(service_name="a"))
    assert outcome.error_code is ErrorCode.INTERNAL
    assert outcome.error_message == "An assessment may only read. Not sent: rm 'a b'"
    assert world.sent == []


def test_a_reading_runbook_can_t_change() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.change("rm", "x")

    rehearsal = rehearse(with_steps(go, changes=False), {}, {})
    assert rehearsal.outcome.error_message == (
        "SAMPLE is declared to change nothing. Not sent: rm x"
    )
    assert rehearsal.log == []


def test_a_bug_in_a_runbook_is_a_plain_sentence_and_its_traceback_goes_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def go(_runbook: Runbook, _run: Run) -> None:
        raise KeyError("hunter2")

    with caplog.at_level(logging.ERROR, "automation.engine"):
        outcome = rehearse(with_steps(go), {}, {}).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.INTERNAL)
    assert outcome.error_message == (
        "OpsManager or its runbook SAMPLE has a fault (KeyError, in step 1 of 1, “go”). Neither "
        "the server nor your input is to blame: tell your administrator; the worker's log has the "
        "details."
    )
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}])
@pytest.mark.parametrize("where", ["data", "result"])
def test_what_is_no_json_is_refused_at_the_step_that_keeps_it(where: str, value: object) -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        getattr(run, where)["value"] = value

    outcome = rehearse(with_steps(go), {}, {}).outcome
    assert outcome.error_code is ErrorCode.INTERNAL
    assert outcome.error_message.startswith(f"run.{where} can't be kept, since it is not JSON")


def test_a_cancel_ends_it_between_two_actions() -> None:
    world = restart()
    world.transport._replies["systemctl", "show"] = lambda _command: cancel(world)
    outcome = run_sample(world)
    assert outcome.status is Status.CANCELLED
    assert outcome.error_code is None
    assert outcome.error_message == "Cancelled in step 2 of 3, “Restart”."
    assert world.sent[-1] == "systemctl show nginx.service"


def cancel(world: World, reason: str = "CANCELLED") -> Any:
    world.stop.stopped = reason
    return reply("state")


def test_a_cancel_during_a_command_keeps_its_output_and_what_became_of_it() -> None:
    world = restart()

    def run(_command: Any, *, on_output: Any, **_options: Any) -> Any:
        on_output("stdout", "half a line")
        cancel(world)
        raise ExecutionStopped("CANCELLED", cancel_outcome=CancelOutcome.STOPPED)

    world.transport.run = run  # type: ignore[method-assign]
    outcome = run_sample(world)
    assert outcome.status is Status.CANCELLED
    assert outcome.cancel_outcome is CancelOutcome.STOPPED
    (row,) = world.journal.rows
    assert (row.status, row.stdout) == (ActionStatus.CANCELLED, "half a line")


def test_a_command_that_took_too_long_says_what_became_of_it() -> None:
    error = CommandTimedOut("It took over 30 s.", cancel_outcome=CancelOutcome.STILL_RUNNING)
    world = restart(restart=error)
    outcome = run_sample(world)
    assert (outcome.status, outcome.error_code) == (Status.TIMEOUT, ErrorCode.TIMEOUT)
    assert outcome.cancel_outcome is CancelOutcome.STILL_RUNNING
    assert outcome.summary == "Timed out in step 2 of 3, “Restart”."
    (row,) = [row for row in world.journal.rows if "restart" in row.text]
    assert row.status is ActionStatus.TIMEOUT


def test_when_the_time_is_over_it_is_a_timeout() -> None:
    world = restart(show=ExecutionStopped("TIMEOUT", cancel_outcome=CancelOutcome.STOPPED))
    outcome = run_sample(world)
    assert (outcome.status, outcome.error_code) == (Status.TIMEOUT, ErrorCode.TIMEOUT)
    assert outcome.error_message.startswith("The time for this execution ran out in step 1 of 3")
    assert outcome.cancel_outcome is CancelOutcome.STOPPED
    assert world.journal.rows[-1].status is ActionStatus.TIMEOUT


class StopsIn(ManualStop):
    """Is stopped while it waits."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self._reason = reason

    def wait(self, seconds: float) -> str | None:
        self.stopped = self._reason
        return super().wait(seconds)


@pytest.mark.parametrize(
    ("reason", "status", "row"),
    [
        ("CANCELLED", Status.CANCELLED, ActionStatus.CANCELLED),
        ("TIMEOUT", Status.TIMEOUT, ActionStatus.TIMEOUT),
    ],
)
def test_a_stop_ends_a_sleep(reason: str, status: Status, row: ActionStatus) -> None:
    world = restart()
    world.stop = StopsIn(reason)
    assert run_sample(world).status is status
    assert world.journal.rows[-1].text == "Wait 2 s"
    assert world.journal.rows[-1].status is row


@pytest.mark.parametrize("when", ["before", "during a sleep", "during a command", "in begin"])
def test_a_lost_lease_leaves_at_once_and_writes_nothing_more(when: str) -> None:
    world = restart()
    if when == "before":
        world.stop.stopped = "LEASE_LOST"
    elif when == "during a sleep":
        world.stop = StopsIn("LEASE_LOST")
    elif when == "during a command":
        world = restart(restart=ExecutionStopped("LEASE_LOST"))
    else:
        world.journal = LeaselessJournal()
    with pytest.raises(LeaseLost):
        run_sample(world)
    running = [row for row in world.journal.rows if row.status is ActionStatus.RUNNING]
    assert len(running) == (1 if when.startswith("during") else 0)
    assert "4/3 Assess after" not in world.journal.steps


def test_a_check_that_already_holds_is_not_judged_after_a_planned_change_either() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.change("x")
        run.validate(True, "It is up")
        run.note("That is all")

    log = rehearse(with_steps(go), {}, {}, is_dry_run=True).log
    assert [(row.text, row.status) for row in log[1:]] == [
        ("It is up (This can be judged only after the change.)", ActionStatus.PLANNED),
        ("That is all", ActionStatus.SUCCESS),
    ]


class LeaselessJournal(MemoryJournal):
    """Has lost the lease when the change is to be recorded."""

    def begin(self, action: Action) -> None:
        if action.changes:
            raise LeaseLost
        super().begin(action)


def test_a_lease_lost_in_the_assessment_after_leaves_too() -> None:
    with pytest.raises(LeaseLost):
        run_sample(restart(**{"is-active": [reply("inactive"), LeaseLost()]}))


def timeouts_of(step: Callable[[Runbook, Run], None], stop: ManualStop) -> list[float]:
    seen: list[float] = []
    world = World({"x": reply()})
    world.stop = stop
    answer = world.transport.run

    def run(command: Any, *, timeout: float, **options: Any) -> Any:
        seen.append(timeout)
        return answer(command, timeout=timeout, **options)

    world.transport.run = run  # type: ignore[method-assign]
    world.execute(with_steps(step)())
    return seen


def test_a_command_gets_the_lesser_of_its_own_limit_and_the_time_left() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.read("x")
        run.read("x", timeout=5)
        run.read("x", timeout=50)

    ten = ManualStop(remaining=timedelta(seconds=10))
    assert timeouts_of(go, ten) == [10, 5, 10]
    assert timeouts_of(go, ManualStop()) == [300, 5, 50]


def test_with_no_time_left_nothing_is_sent() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        run.change("x")

    world = World({"x": reply()})
    world.stop = ManualStop(remaining=timedelta(0))
    outcome = world.execute(with_steps(go)())
    assert outcome.status is Status.TIMEOUT
    assert world.sent == []
    assert world.journal.rows == []


def test_output_is_in_the_log_also_when_the_command_did_not_end() -> None:
    world = World()

    def run(_command: Any, *, on_output: Any, **_options: Any) -> Any:
        on_output("stdout", "half ")
        on_output("stderr", "oh")
        on_output("stdout", "a line")
        raise ConnectionLost("Gone.")

    world.transport.run = run  # type: ignore[method-assign]
    run_sample(world)
    (row,) = world.journal.rows
    assert (row.stdout, row.stderr, row.error_message) == ("half a line", "oh", "Gone.")


def test_a_fault_while_changing_is_unknown_and_counts_as_changed() -> None:
    """Whatever broke, the command may have run: it must not be run again in silence."""
    world = restart()
    world.transport._replies["systemctl", "restart"] = broken
    outcome = run_sample(world)
    assert (outcome.status, outcome.error_code) == (Status.UNKNOWN, ErrorCode.INTERNAL)
    assert "Nobody saw the end of `systemctl restart nginx.service`" in outcome.error_message
    assert outcome.changed
    (row,) = [row for row in world.journal.rows if "restart" in row.text]
    assert row.status is ActionStatus.UNKNOWN
    assert row.error_message == "Something inside OpsManager failed."


def broken(_command: object) -> Any:
    raise OSError("hunter2")
