from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from automation.engine import Assessment, Run, Runbook
from automation.engine.errors import (
    AddressRefused,
    CommandTimedOut,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    LeaseLost,
    WebUnreachable,
)
from automation.engine.executor import Executor
from automation.engine.http import HttpAnswer, HttpRequest
from automation.engine.ports import Action
from automation.engine.results import ActionStatus, CancelOutcome, ErrorCode, Status, StepType
from automation.engine.testing import (
    HttpReplies,
    ManualStop,
    MemoryJournal,
    Rehearsal,
    ScriptedHttp,
    ScriptedTransport,
    http_reply,
    rehearse,
    reply,
)
from tests.automation.engine.samples import World, with_steps

URL = "https://api.example.com/x"
LATER = "This can be judged only after the change."

Step = Callable[[Any, Run], None]


def calls(method: str = "GET", url: str = URL, **options: Any) -> Step:
    """Return a step, named for the method, that makes one call."""

    def call(_runbook: Runbook, run: Run) -> None:
        answer = run.http(method, url, **options)
        run.result.update(status=answer.status, text=answer.text, planned=answer.planned)

    call.__name__ = method.lower()
    return call


def change(_runbook: Runbook, run: Run) -> None:
    run.change("systemctl", "restart", "x")


def rehearsed(*steps: Step, http: HttpReplies | None = None, is_dry_run: bool = False) -> Rehearsal:
    kind = with_steps(*steps)
    return rehearse(kind, {}, {"systemctl": reply()}, is_dry_run=is_dry_run, http=http)


def executed(kind: type[Runbook], http: ScriptedHttp, stop: ManualStop) -> Any:
    executor = Executor(
        transport=ScriptedTransport({}), journal=MemoryJournal(), stop=stop, http=http
    )
    return executor.execute(kind())


def test_a_call_is_one_row_of_the_log_with_status_and_body() -> None:
    rehearsal = rehearsed(calls(), http={f"GET {URL}": http_reply(200, "fine")})
    assert rehearsal.outcome.status is Status.SUCCESS
    assert rehearsal.outcome.result == {"status": 200, "text": "fine", "planned": False}
    assert not rehearsal.outcome.changed
    (row,) = rehearsal.log
    assert row.text == f"GET {URL}"
    assert (row.action.type, row.action.changes) == (StepType.API_CALL, False)
    assert (row.status, row.stdout, row.exit_code) == (ActionStatus.SUCCESS, "fine", 200)


def test_a_changing_call_is_sent_with_all_that_the_step_gave() -> None:
    step = calls("post", json={"id": 7}, headers={"X-Api-Key": "hunter2"}, timeout=3, ok=(201,))
    rehearsal = rehearsed(step, http={f"POST {URL}": http_reply(201, json={"done": True})})
    assert rehearsal.outcome.result["text"] == '{"done": true}'
    assert rehearsal.outcome.changed
    assert rehearsal.log[0].action.changes
    (request,) = rehearsal.requests
    assert (request.body, request.timeout) == (b'{"id": 7}', 3)
    assert request.headers["X-Api-Key"] == "hunter2"
    assert "hunter2" not in repr(rehearsal)


def test_the_intent_is_in_the_journal_before_a_changing_call_is_sent() -> None:
    journal = MemoryJournal()
    seen: list[Action] = []

    def look(_request: HttpRequest) -> HttpAnswer:
        seen.extend(row.action for row in journal.rows)
        return http_reply()

    executor = Executor(
        transport=ScriptedTransport({}),
        journal=journal,
        stop=ManualStop(),
        http=ScriptedHttp({f"DELETE {URL}": look}),
    )
    assert executor.execute(with_steps(calls("DELETE"))()).status is Status.SUCCESS
    assert [(action.text, action.changes) for action in seen] == [(f"DELETE {URL}", True)]


def test_a_dry_run_reads_and_only_shows_what_changes() -> None:
    rehearsal = rehearsed(
        calls("GET"),
        calls("POST", f"{URL}?token=hunter2", ok=(202, 201)),
        http={f"GET {URL}": http_reply(200, "fine")},
        is_dry_run=True,
    )
    assert rehearsal.outcome.status is Status.SUCCESS
    assert rehearsal.outcome.summary == f"Would send 1 changing command: POST {URL}?token=***"
    assert rehearsal.planned == [f"POST {URL}?token=***"]
    assert rehearsal.outcome.result == {"status": 201, "text": "", "planned": True}
    assert [request.method for request in rehearsal.requests] == ["GET"]
    assert [row.status for row in rehearsal.log] == [ActionStatus.SUCCESS, ActionStatus.PLANNED]


@pytest.mark.parametrize(("ok", "status"), [(None, 200), ((), 200), ((304,), 304)])
def test_a_planned_call_answers_as_the_step_hopes(ok: Any, status: int) -> None:
    rehearsal = rehearsed(calls("PUT", ok=ok), is_dry_run=True)
    assert rehearsal.outcome.result["status"] == status


def test_after_a_planned_change_no_call_is_judged() -> None:
    rehearsal = rehearsed(
        change, calls(), http={f"GET {URL}": http_reply(503, "down")}, is_dry_run=True
    )
    assert rehearsal.outcome.status is Status.SUCCESS
    assert rehearsal.outcome.result == {"status": 503, "text": "down", "planned": False}
    row = rehearsal.log[-1]
    assert (row.status, row.exit_code, row.error_message) == (ActionStatus.SUCCESS, 503, LATER)


@pytest.mark.parametrize(
    "error", [WebUnreachable("Refused."), ConnectionLost("Gone."), CommandTimedOut("Late.")]
)
def test_after_a_planned_change_nobody_need_answer(error: EngineError) -> None:
    rehearsal = rehearsed(change, calls(), http={f"GET {URL}": error}, is_dry_run=True)
    assert rehearsal.outcome.status is Status.SUCCESS
    assert rehearsal.outcome.result == {"status": 0, "text": "", "planned": True}
    row = rehearsal.log[-1]
    assert (row.status, row.exit_code, row.error_message) == (ActionStatus.SUCCESS, None, LATER)


def test_an_address_is_refused_in_a_dry_run_too() -> None:
    http = {f"GET {URL}": AddressRefused("Not that one.")}
    outcome = rehearsed(change, calls(), http=http, is_dry_run=True).outcome
    assert (outcome.status, outcome.error_message) == (Status.FAILED, "Not that one.")


def test_a_runbook_that_only_reads_sends_no_changing_call() -> None:
    kind = with_steps(calls("POST", f"{URL}?token=hunter2"), changes=False)
    rehearsal = rehearse(kind, {}, {})
    assert rehearsal.requests == []
    assert rehearsal.log == []
    assert rehearsal.outcome.error_code is ErrorCode.INTERNAL
    assert rehearsal.outcome.error_message == (
        f"SAMPLE is declared to change nothing. Not sent: POST {URL}?token=***"
    )
    searching = with_steps(calls("POST", changes=False), changes=False)
    http = {f"POST {URL}": http_reply()}
    assert rehearse(searching, {}, {}, http=http).outcome.status is Status.SUCCESS


def test_an_assessment_may_only_read_and_takes_each_status() -> None:
    def assessing(method: str) -> type[Runbook]:
        def assess(_runbook: Runbook, run: Run) -> Assessment:
            status = run.http(method, URL).status
            return Assessment(healthy=status == 200, values={"status": status})

        return with_steps(change, assess=assess)

    http = {f"GET {URL}": [http_reply(503), http_reply()]}
    outcome = rehearse(assessing("GET"), {}, {"systemctl": reply()}, http=http).outcome
    assert (outcome.status, outcome.verdict) == (Status.SUCCESS, "FIXED")
    refused = rehearse(assessing("POST"), {}, {})
    assert refused.outcome.error_message.startswith("An assessment may only read. Not sent: POST")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            http_reply(503, "try\n  later"),
            f"`GET {URL}` was answered with status 503 (Service Unavailable): try later",
        ),
        (http_reply(404), f"`GET {URL}` was answered with status 404 (Not Found)."),
        (http_reply(799), f"`GET {URL}` was answered with status 799."),
        (
            http_reply(302, "moved"),
            f"`GET {URL}` was answered with status 302 (Found), which is not followed: moved",
        ),
        (
            http_reply(500, "x" * 5000),
            f"`GET {URL}` was answered with status 500 (Internal Server Error): {'x' * 200}...",
        ),
    ],
)
def test_a_status_that_the_step_does_not_accept_fails_it(answer: HttpAnswer, sentence: str) -> None:
    rehearsal = rehearsed(calls(), http={f"GET {URL}": answer})
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert outcome.error_message == sentence
    (row,) = rehearsal.log
    assert (row.status, row.exit_code) == (ActionStatus.FAILED, answer.status)
    assert (row.stdout, row.error_message) == (answer.text, sentence)


def test_a_step_names_the_statuses_that_are_no_failure() -> None:
    http = {f"GET {URL}": http_reply(404)}
    assert rehearsed(calls(ok=(200, 404)), http=http).outcome.result["status"] == 404
    assert rehearsed(calls(ok=None), http=http).outcome.result["status"] == 404
    assert rehearsed(calls(ok=(200,)), http=http).outcome.status is Status.FAILED


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WebUnreachable("Refused."), ErrorCode.CONNECTION),
        (AddressRefused("Not that one."), ErrorCode.VALIDATION),
    ],
)
def test_a_call_that_was_not_sent_has_changed_nothing(
    method: str, error: EngineError, code: ErrorCode
) -> None:
    rehearsal = rehearsed(calls(method), http={f"{method} {URL}": error})
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, code)
    assert outcome.error_message == str(error)
    assert not outcome.changed
    (row,) = rehearsal.log
    assert (row.status, row.error_message) == (ActionStatus.FAILED, str(error))


def test_after_a_change_an_api_that_is_down_neither_skips_cooldown_nor_assessment() -> None:
    def assess(_runbook: Runbook, run: Run) -> Assessment:
        return Assessment(healthy=run.read("systemctl").ok)

    kind = with_steps(change, calls(), assess=assess)
    http = {f"GET {URL}": WebUnreachable("Refused.")}
    outcome = rehearse(kind, {}, {"systemctl": reply()}, http=http).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.COMMAND_FAILED)
    assert outcome.error_message == "Refused."
    assert outcome.after is not None


def test_a_changing_call_whose_answer_nobody_saw_is_unknown() -> None:
    rehearsal = rehearsed(calls("POST"), http={f"POST {URL}": ConnectionLost("Gone.")})
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.error_code) == (Status.UNKNOWN, ErrorCode.CONNECTION_LOST)
    assert outcome.error_message.startswith(f"Gone. Nobody saw the end of `POST {URL}`")
    assert outcome.changed
    assert [row.status for row in rehearsal.log] == [ActionStatus.UNKNOWN]


def test_a_reading_call_whose_answer_nobody_saw_is_a_failure() -> None:
    lost = rehearsed(calls(), http={f"GET {URL}": ConnectionLost("Gone.")})
    assert (lost.outcome.status, lost.log[0].status) == (Status.FAILED, ActionStatus.FAILED)
    late = rehearsed(calls(), http={f"GET {URL}": CommandTimedOut("Late.")})
    assert (late.outcome.status, late.log[0].status) == (Status.TIMEOUT, ActionStatus.TIMEOUT)
    assert not late.outcome.changed


@pytest.mark.parametrize(("method", "status"), [("GET", "FAILED"), ("POST", "UNKNOWN")])
def test_a_fault_in_a_call_is_not_told_in_the_log(method: str, status: str) -> None:
    def fails(_request: HttpRequest) -> HttpAnswer:
        raise RuntimeError("hunter2")

    rehearsal = rehearsed(calls(method), http={f"{method} {URL}": fails})
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.error_code) == (Status(status), ErrorCode.INTERNAL)
    (row,) = rehearsal.log
    assert (row.status, row.error_message) == (status, "Something inside OpsManager failed.")


@pytest.mark.parametrize(
    ("reason", "status"), [("CANCELLED", Status.CANCELLED), ("TIMEOUT", Status.TIMEOUT)]
)
def test_a_call_that_is_stopped_ends_the_execution(reason: str, status: Status) -> None:
    stopped = ExecutionStopped(reason, "Sent.", cancel_outcome=CancelOutcome.UNREACHABLE)
    rehearsal = rehearsed(calls("POST"), http={f"POST {URL}": stopped})
    outcome = rehearsal.outcome
    assert (outcome.status, outcome.cancel_outcome) == (status, CancelOutcome.UNREACHABLE)
    assert outcome.changed
    (row,) = rehearsal.log
    assert (row.status, row.error_message) == (ActionStatus(status), "Sent.")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_lost_lease_writes_nothing_more(method: str) -> None:
    world = World()
    executor = Executor(
        transport=world.transport,
        journal=world.journal,
        stop=world.stop,
        http=ScriptedHttp({f"{method} {URL}": LeaseLost()}),
    )
    with pytest.raises(LeaseLost):
        executor.execute(with_steps(calls(method))())
    assert [row.status for row in world.journal.rows] == [ActionStatus.RUNNING]


def test_a_call_is_given_no_more_time_than_the_execution_has() -> None:
    seen: list[float] = []

    class Timed(ScriptedHttp):
        def send(self, request: HttpRequest, *, timeout: float) -> HttpAnswer:
            seen.append(timeout)
            return super().send(request, timeout=timeout)

    http = Timed({f"GET {URL}": http_reply()})
    executed(with_steps(calls(timeout=20)), http, ManualStop())
    executed(with_steps(calls(timeout=20)), http, ManualStop(remaining=timedelta(seconds=5)))
    assert seen == [20, 5]
    late = ManualStop(remaining=timedelta(0))
    assert executed(with_steps(calls()), http, late).status is Status.TIMEOUT
    assert len(seen) == 2


def test_nothing_is_sent_once_the_execution_is_to_stop() -> None:
    http = ScriptedHttp({f"POST {URL}": http_reply()})
    stop = ManualStop()

    def stops(_runbook: Runbook, run: Run) -> None:
        stop.stopped = "CANCELLED"
        run.http("POST", URL)

    assert executed(with_steps(stops), http, stop).status is Status.CANCELLED
    assert http.requests == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_client_the_call_is_refused_before_it_begins(method: str) -> None:
    world = World()
    outcome = world.execute(with_steps(calls(method))())
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.INTERNAL)
    assert outcome.error_message.startswith("HTTP calls are not possible here")
    assert world.journal.rows == []


def test_a_url_that_can_t_be_read_leaves_no_row() -> None:
    rehearsal = rehearsed(calls("GET", "https://exa mple.com"))
    assert rehearsal.outcome.error_code is ErrorCode.VALIDATION
    assert rehearsal.log == []


def test_calls_in_branches_are_logged_in_the_order_of_the_branches() -> None:
    def go(_runbook: Runbook, run: Run) -> None:
        branches = [lambda r, n=n: r.http("GET", f"{URL}/{n}").text for n in range(6)]
        run.result["texts"] = run.parallel(*branches)

    http = {f"GET {URL}/": lambda request: http_reply(text=request.address.target[-1])}
    rehearsal = rehearsed(go, http=http)
    assert rehearsal.outcome.result == {"texts": list("012345")}
    assert [row.text for row in rehearsal.log] == [f"GET {URL}/{n}" for n in range(6)]
