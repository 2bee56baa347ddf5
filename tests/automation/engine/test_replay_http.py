"""Another worker goes on with a runbook that calls web APIs."""

from dataclasses import replace

import pytest

from automation.engine import Run, Runbook, step
from automation.engine.dry_run import DryRun
from automation.engine.executor import Executor
from automation.engine.past import PastAction
from automation.engine.registry import Registry
from automation.engine.results import ActionStatus, ErrorCode, Outcome, Status
from automation.engine.testing import HttpReplies, ScriptedHttp, http_reply
from tests.automation.engine.samples import World

URL = "https://api.example.com"


class Announce(Runbook, registry=Registry()):
    """Announce something, twice."""

    id = "ANNOUNCE"
    title = "Announce"

    @step("Announce it")
    def announce(self, run: Run) -> None:
        run.data["old"] = run.http("GET", f"{URL}/last").json()["id"]
        run.data["new"] = run.http("POST", f"{URL}/first").json()["id"]
        run.http("POST", f"{URL}/second")

    @announce.undo
    def withdraw(self, run: Run) -> None:
        run.http("DELETE", URL)


REPLIES: HttpReplies = {
    f"GET {URL}/last": http_reply(json={"id": 1}),
    f"POST {URL}/first": http_reply(201, json={"id": 2}),
    f"POST {URL}/second": http_reply(202),
}
ROWS = [f"GET {URL}/last", f"POST {URL}/first", f"POST {URL}/second"]


def executed(
    http: ScriptedHttp, past: list[PastAction] | None = None, as_in: DryRun | None = None
) -> tuple[World, Outcome]:
    world = World()
    executor = Executor(
        transport=world.transport, journal=world.journal, stop=world.stop, http=http
    )
    known = past or []
    seq_after = max((each.action.seq for each in known), default=0)
    return world, executor.execute(Announce(), past=known, seq_after=seq_after, as_in=as_in)


def whole() -> list[PastAction]:
    """Return the log of a run from its beginning to its end."""
    world, outcome = executed(ScriptedHttp(REPLIES))
    assert outcome.status is Status.SUCCESS
    return [
        PastAction(action=row.action, status=row.status, stdout=row.stdout, exit_code=row.exit_code)
        for row in world.journal.rows
    ]


def sent(http: ScriptedHttp) -> list[str]:
    return [request.text for request in http.requests]


@pytest.mark.parametrize("count", range(1, len(ROWS) + 1))
def test_what_was_answered_is_not_sent_again(count: int) -> None:
    http = ScriptedHttp(REPLIES)
    world, outcome = executed(http, whole()[:count])
    assert outcome.status is Status.SUCCESS, outcome.error_message
    assert outcome.data == {"old": 1, "new": 2}
    assert (outcome.changed, outcome.steps_done) == (True, (1,))
    assert sent(http) == ROWS[count:]
    assert [row.text for row in world.journal.rows] == ROWS[count:]


@pytest.mark.parametrize("status", [ActionStatus.RUNNING, ActionStatus.UNKNOWN])
def test_a_change_whose_answer_was_lost_is_never_sent_twice(status: ActionStatus) -> None:
    *ended, last = whole()[:2]
    http = ScriptedHttp(REPLIES)
    past = [*ended, replace(last, status=status, stdout="", exit_code=None)]
    world, outcome = executed(http, past)
    assert sent(http) == []
    assert (outcome.status, outcome.error_code) == (Status.UNKNOWN, ErrorCode.CONNECTION_LOST)
    assert f"Nobody saw the end of `POST {URL}/first`" in outcome.error_message
    assert (outcome.changed, outcome.steps_done) == (True, (1,))
    (row,) = world.journal.rows
    assert (row.action, row.status) == (last.action, ActionStatus.UNKNOWN)


def test_a_reading_call_that_was_lost_is_made_again() -> None:
    (first, *_) = whole()
    http = ScriptedHttp(REPLIES)
    lost = replace(first, status=ActionStatus.RUNNING, stdout="", exit_code=None)
    assert executed(http, [lost])[1].status is Status.SUCCESS
    assert sent(http) == ROWS


def test_a_change_that_could_not_be_sent_is_sent() -> None:
    *ended, last = whole()[:2]
    http = ScriptedHttp(REPLIES)
    failed = replace(last, status=ActionStatus.FAILED, stdout="", exit_code=None)
    assert executed(http, [*ended, failed])[1].status is Status.SUCCESS
    assert sent(http) == ROWS[1:]


@pytest.mark.parametrize("index", [0, 1])
def test_a_status_that_failed_the_step_fails_it_again(index: int) -> None:
    past = whole()[: index + 1]
    past[-1] = replace(past[-1], status=ActionStatus.FAILED, stdout="down", exit_code=503)
    http = ScriptedHttp(REPLIES)
    outcome = executed(http, past)[1]
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert outcome.error_message == (
        f"`{ROWS[index]}` was answered with status 503 (Service Unavailable): down"
    )
    assert outcome.changed is (index == 1)
    assert sent(http) == []


def test_a_run_that_repeats_a_dry_run_says_what_its_calls_found_changed() -> None:
    same = DryRun(reads={ROWS[0]: '{"id": 1}'}, changes=ROWS[1:])
    assert executed(ScriptedHttp(REPLIES), as_in=same)[1].warnings == ()
    other = DryRun(reads={ROWS[0]: '{"id": 9}'}, changes=[ROWS[1]])
    assert executed(ScriptedHttp(REPLIES), as_in=other)[1].warnings == (
        f"Since the dry run, this says something else: {ROWS[0]}",
        f"The dry run did not show this change: {ROWS[2]}",
    )
