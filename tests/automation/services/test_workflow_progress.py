from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Approval, ApprovalState, Execution, Trigger, WorkflowStep
from automation.selectors import workflow_runs as selectors
from automation.services import workflow_progress
from automation.services.executions import Launch, launch
from opsmanager.accounts.models import User
from servers.models import Server, ServerGroup
from tests.automation import makers
from tests.automation.services.workflow_story import look, note, started, wait, workflow
from tests.support.broker import queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

S, F, C, K, W, R = "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED", "WAITING", "RUNNING"


@pytest.fixture
def server() -> Server:
    return makers.server()


@pytest.fixture
def three() -> list[Server]:
    return [makers.server() for _ in range(3)]


def test_one_node_follows_the_other(server: Server) -> None:
    actor = makers.admin()
    story = started(workflow({"a": look(server), "b": look(server)}, "a b"), actor=actor)
    assert story.phases == {"a": R, "b": W}
    (first,) = story.launched
    assert (first.triggered_by, first.triggered_by_user) == (Trigger.WORKFLOW, actor)
    assert (first.workflow_run_id, first.workflow_node) == (story.run.pk, "a")
    assert first.waiting_since is not None

    story.end("a", result_data={"healthy": False}, result_summary="Looked.")
    assert story.phases == {"a": S, "b": R}
    assert story.execution("b").previous == {"healthy": False}

    story.end("b")
    assert (story.run.status, story.run.message) == ("SUCCESS", "All has ended.")
    assert story.run.finished_at is not None
    assert len(story.launched) == 2
    step = story.step("a")
    assert step.begun_at <= step.ended_at
    event = makers.last_event("AUTOMATION_WORKFLOW_COMPLETED")
    assert (event.actor_type, event.actor_name, event.outcome) == (
        "WORKFLOW",
        "Look and mend",
        "OK",
    )


def test_a_condition_over_results_chooses_the_branch(server: Server) -> None:
    made = workflow(
        {
            "check": look(server),
            "clean": look(server),
            "told": note("{{ results.check.data.used }} %"),
        },
        {"from": "check", "to": "clean", "when": "results.check.data.used > 80"},
        {"from": "check", "to": "told", "when": "results.check.data.used <= 80"},
    )
    full = started(made).end("check", context={"used": 91})
    assert full.phases == {"check": S, "clean": R, "told": K}
    assert full.end("clean").run.status == "SUCCESS"

    fine = started(made).end("check", context={"used": 40})
    assert fine.phases == {"check": S, "clean": K, "told": S}
    assert fine.step("told").result["summary"] == "40 %"
    assert "does not hold" in fine.step("clean").reason
    assert fine.run.status == "SUCCESS"


def test_parameters_are_filled_in_with_inputs_and_results(server: Server) -> None:
    mend = {
        "kind": "run",
        "runbook": "SAMPLE_MENDING",
        "server": "{{ inputs.where }}",
        "parameters": {"path": "/tmp/{{ results.look.result.name }}"},
    }
    made = workflow(
        {"look": look(server), "mend": mend},
        "look mend",
        inputs=[{"name": "where", "type": "server", "required": True}],
    )
    story = started(made, inputs={"where": server.name})
    story.end("look", result_data={"name": "x"})
    assert story.execution("mend").parameters == {"path": "/tmp/x"}
    assert story.execution("mend").server == server


def test_branches_run_at_once_and_meet_again(server: Server) -> None:
    made = workflow({key: look(server) for key in "abcd"}, "a b", "a c", "b d", "c d")
    story = started(made).end("a")
    assert story.running == ["b", "c"]
    story.end("c")
    assert story.phases["d"] == W
    assert story.end("b").phases["d"] == R


def test_a_failure_stops_it_unless_somebody_takes_care(server: Server) -> None:
    nodes = {"a": look(server), "b": look(server), "care": look(server)}
    stopped = started(workflow({k: nodes[k] for k in "ab"}, "a b"))
    stopped.end("a", Status.FAILED, error_message="No room.")
    assert stopped.phases == {"a": F, "b": C}
    assert stopped.step("a").reason == "No room."
    assert (stopped.run.status, stopped.run.message) == ("FAILED", "It ended because a failed.")

    cared = started(workflow(nodes, "a b", "a care failure", name="Cared"))
    cared.end("a", Status.TIMEOUT)
    assert cared.phases == {"a": F, "b": K, "care": R}
    assert cared.end("care").run.status == "SUCCESS"


def test_it_goes_on_on_each_server_by_itself(three: list[Server]) -> None:
    names = [server.name for server in three]
    each = {"kind": "run", "runbook": "SAMPLE_LOOKING"}
    made = workflow(
        {"all": {**each, "forEach": {"servers": names, "maxParallel": 2}}, "told": note()},
        "all told",
    )
    story = started(made)
    assert story.running == [f"all on {name}" for name in names[:2]]
    assert [row.server for row in story.launched] == three[:2]
    story.end("all", item=names[1])
    assert story.running == [f"all on {names[0]}", f"all on {names[2]}"]
    story.end("all", item=names[0]).end("all", item=names[2])
    assert (story.phases["all"], story.phases["told"]) == (S, S)
    assert story.run.status == "SUCCESS"
    assert len(story.launched) == 3


def test_enough_failures_leave_the_rest_out(three: list[Server]) -> None:
    group = ServerGroup.objects.create(name="web")
    for server in three:
        server.groups.add(group)
    spread = {"group": "{{ inputs.group }}", "maxParallel": 1, "stopAfterFailures": 1}
    made = workflow(
        {"all": {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": spread}},
        inputs=[{"name": "group", "type": "group"}],
    )
    story = started(made, inputs={"group": "web"})
    first, second, third = sorted(server.name for server in three)
    story.end("all", Status.FAILED, item=first)
    assert (story.phases[f"all on {second}"], story.phases[f"all on {third}"]) == (K, K)
    assert story.phases["all"] == F
    assert story.run.status == "FAILED"
    assert f"1 of 3 failed: {first}." in story.step("all").reason


def test_the_result_of_a_server_is_the_previous_of_the_next_node_there(three: list[Server]) -> None:
    names = [server.name for server in three[:2]]
    each = {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": {"servers": names}}
    story = started(workflow({"a": each, "b": each}, "a b"))
    for name in names:
        story.end("a", item=name, result_data={"where": name})
    assert [story.execution("b", name).previous for name in names] == [
        {"where": name} for name in names
    ]


def test_what_was_masked_is_handed_on_to_nobody(server: Server) -> None:
    mend = {
        "kind": "run",
        "runbook": "SAMPLE_MENDING",
        "server": server.name,
        "parameters": {"path": "/tmp/{{ results.a.result.word }}"},
    }
    story = started(workflow({"a": look(server), "b": mend, "c": look(server)}, "a b", "a c"))
    story.end("a", result_data={"word": "x***", "fine": 1})
    assert story.phases["b"] == F
    assert "holds a secret" in story.step("b").reason
    assert story.execution("c").previous == {"fine": 1}


def test_a_wait_is_over_after_its_time(server: Server) -> None:
    story = started(workflow({"pause": wait(seconds=600), "a": look(server)}, "pause a"))
    assert story.phases == {"pause": R, "a": W}
    due = story.step("pause").due_at
    assert timedelta(seconds=590) < due - timezone.now() <= timedelta(seconds=601)
    assert story.advance().phases["a"] == W
    WorkflowStep.objects.filter(run=story.run, key="pause").update(due_at=timezone.now())
    assert story.advance().phases == {"pause": S, "a": R}


def asked_of(story: Any) -> Approval:
    return Approval.objects.get(step__run=story.run, state=ApprovalState.PENDING)


def test_an_approval_lets_it_go_on_and_a_rejection_does_not(server: Server) -> None:
    made = workflow(
        {"ask": wait(approvals=1, message="Restart {{ inputs.n }}?"), "a": look(server)},
        "ask a",
        inputs=[{"name": "n", "type": "integer"}],
    )
    yes = started(made, inputs={"n": 3})
    approval = asked_of(yes)
    assert (approval.title, approval.message) == ("Look and mend: ask", "Restart 3?")
    assert approval.asked_by == yes.run.triggered_by_user
    assert approval.expires_at > timezone.now() + timedelta(hours=23)
    Approval.objects.filter(pk=approval.pk).update(state=ApprovalState.APPROVED)
    assert yes.advance().phases == {"ask": S, "a": R}

    no = started(made, inputs={"n": 4})
    approval = asked_of(no)
    approval.votes.create(user=makers.admin(username="bob"), approves=False, reason="Not at noon.")
    Approval.objects.filter(pk=approval.pk).update(state=ApprovalState.REJECTED)
    assert no.advance().phases == {"ask": F, "a": C}
    assert no.step("ask").reason == "bob did not approve it: Not at noon."
    assert no.run.status == "FAILED"


@pytest.mark.parametrize(
    ("state", "fields", "said"),
    [
        ("EXPIRED", {}, "Nobody approved it in time."),
        ("WITHDRAWN", {}, "Withdrawn."),
        ("BYPASSED", {"bypass_reason": "Fire."}, "None went on without approval: Fire."),
    ],
)
def test_what_became_of_an_approval_is_said(
    server: Server, state: str, fields: dict[str, Any], said: str
) -> None:
    story = started(workflow({"ask": wait(approvals=1)}))
    Approval.objects.filter(pk=asked_of(story).pk).update(state=state, **fields)
    story.advance()
    assert story.step("ask").result["summary"] == said
    assert story.run.status == ("SUCCESS" if state == "BYPASSED" else "FAILED")


def test_who_approved_is_said() -> None:
    story = started(workflow({"ask": wait(approvals=2)}))
    approval = asked_of(story)
    for name in ("ann", "bob"):
        approval.votes.create(user=makers.admin(username=name), approves=True)
    Approval.objects.filter(pk=approval.pk).update(state=ApprovalState.APPROVED)
    assert story.advance().step("ask").result["summary"] == "Approved by ann, bob."


def test_a_dry_run_launches_dry_runs_and_waits_for_nobody(server: Server) -> None:
    nodes = {"ask": wait(approvals=1), "pause": wait(seconds=600), "a": look(server)}
    story = started(workflow(nodes, "ask pause", "pause a"), is_dry_run=True)
    assert story.phases == {"ask": S, "pause": S, "a": R}
    assert story.execution("a").is_dry_run
    assert not Approval.objects.exists()


def test_one_node_alone_may_be_a_dry_run(server: Server) -> None:
    story = started(workflow({"a": look(server, isDryRun=True), "b": look(server)}))
    assert story.execution("a").is_dry_run
    assert not story.execution("b").is_dry_run


def test_what_nobody_knows_the_end_of_is_followed_by_nothing(server: Server) -> None:
    story = started(workflow({"a": look(server), "b": look(server)}, "a b"))
    story.end("a", Status.UNKNOWN)
    assert story.phases == {"a": R, "b": W}
    Execution.objects.filter(pk=story.execution("a").pk).update(status=Status.SUCCESS)
    assert story.advance().phases == {"a": S, "b": R}


def test_an_execution_that_was_deleted_has_failed(server: Server) -> None:
    story = started(workflow({"a": look(server)}))
    Execution.objects.filter(pk=story.execution("a").pk).delete()
    story.advance()
    assert (story.phases["a"], story.step("a").reason) == (F, "Its execution was deleted.")


def test_what_is_refused_fails_its_node_with_the_sentence(server: Server) -> None:
    actor = makers.user("NOC", operates=server)
    made = workflow({"a": look(server), "b": look(server)}, "a b")
    story = started(made, actor=actor)
    story.run.triggered_by_user.groups.clear()
    story.end("a")
    assert story.phases["b"] == F
    assert "may not" in story.step("b").reason or "no such" in story.step("b").reason
    assert len(story.launched) == 1


def test_a_cooldown_is_obeyed_and_audited(server: Server) -> None:
    mend = {
        "kind": "run",
        "runbook": "SAMPLE_MENDING",
        "server": server.name,
        "parameters": {"path": "/tmp/x"},
    }
    story = started(workflow({"a": mend, "b": mend}, "a b")).end("a")
    assert "ran on" in story.step("b").reason
    assert makers.last_event("AUTOMATION_RATE_LIMIT_EXCEEDED").outcome == "REFUSED"


def test_a_condition_that_names_what_is_not_there_fails_the_node(server: Server) -> None:
    made = workflow(
        {"a": look(server), "b": look("{{ results.a.data.where }}"), "c": note("{{ 1 / 0 }}")},
        "a b",
        "b c always",
    )
    story = started(made).end("a")
    assert "There is no where." in story.step("b").reason
    assert "divides by zero" in story.step("c").reason
    assert story.run.status == "FAILED"


def test_a_group_that_is_gone_fails_the_node(server: Server) -> None:
    group = ServerGroup.objects.create(name="web")
    server.groups.add(group)
    spread = {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": {"group": "web"}}
    story = started(workflow({"a": look(server), "all": spread}, "a all"))
    group.delete()
    story.end("a")
    assert "There is no server group web" in story.step("all").reason


def test_a_fault_fails_the_node_and_stands_in_the_log(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_asked: Launch) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("automation.services.executions.stored", broken)
    story = started(workflow({"a": look(server)}))
    assert "fault in OpsManager" in story.step("a").reason
    assert "boom" not in story.step("a").reason
    assert "node not begun" in caplog.text


def test_nothing_is_done_twice_however_often_somebody_looks(server: Server) -> None:
    story = started(workflow({"a": look(server), "b": look(server)}, "a b"))
    for _ in range(3):
        story.advance()
    story.end("a")
    revision = story.run.revision
    for _ in range(3):
        story.advance()
    assert len(story.launched) == 2
    assert story.run.revision == revision
    story.end("b")
    assert story.advance().run.status == "SUCCESS"


def test_a_run_without_news_is_not_due(server: Server) -> None:
    story = started(workflow({"a": look(server)}))
    assert not selectors.due().exists()
    story.end_quietly("a")
    assert list(selectors.due()) == [story.run]
    story.advance()
    assert not selectors.due().exists()
    workflow_progress.advance(makers.admin().pk)  # of no run at all


def test_the_end_of_an_execution_wakes_a_worker(
    server: Server, django_capture_on_commit_callbacks: Any
) -> None:
    from automation.runner import finish

    story = started(workflow({"a": look(server)}))
    with django_capture_on_commit_callbacks(execute=True):
        finish.tell_listeners(story.execution("a"))
    assert str(story.run.pk) in queued("schedules")


def test_the_owner_of_what_starts_by_itself_counts(server: Server) -> None:
    owner = makers.admin()
    story = started(
        workflow({"a": look(server)}),
        actor=owner,
        trigger=Trigger.SCHEDULED,
        trigger_name="Nightly",
    )
    execution = story.execution("a")
    assert (execution.triggered_by_user, execution.on_behalf_of) == (None, owner)
    assert (execution.triggered_by, execution.trigger_name) == ("WORKFLOW", "Look and mend")
    event = makers.last_event("AUTOMATION_WORKFLOW_STARTED")
    assert (event.actor_type, event.actor_name) == ("SCHEDULE", "Nightly")


def test_without_its_user_nothing_more_is_begun(server: Server) -> None:
    story = started(workflow({"a": look(server), "b": look(server)}, "a b"))
    User.objects.filter(pk=story.run.triggered_by_user.pk).delete()
    story.end("a")
    assert "was removed" in story.step("b").reason


def test_a_verdict_and_an_error_are_handed_on(server: Server) -> None:
    made = workflow(
        {"a": look(server, onFailure="continue"), "told": note("{{ results.a.error }}")},
        {"from": "a", "to": "told", "on": "failure", "when": "results.a.verdict == 'NOT_FIXED'"},
    )
    story = started(made).end(
        "a", Status.FAILED, verdict=Verdict.NOT_FIXED, error_message="Still full."
    )
    assert story.step("told").result["summary"] == "Still full."


def test_a_repetition_that_was_decided_takes_the_place_of_the_first(server: Server) -> None:
    from automation.services import decisions

    actor = makers.admin()
    story = started(workflow({"a": look(server), "b": look(server)}, "a b"), actor=actor)
    first = story.execution("a")
    story.end("a", Status.UNKNOWN)
    first.refresh_from_db()
    anew = decisions.decide(
        actor=actor, execution=first, outcome=decisions.Decision.RUN_AGAIN, reason="Rebooted."
    )
    assert story.advance().execution("a") == anew
    assert story.phases == {"a": R, "b": W}
    assert story.end("a").phases == {"a": S, "b": R}


def test_launching_by_hand_is_no_part_of_a_workflow(server: Server) -> None:
    execution = launch(
        Launch(actor=makers.admin(), runbook=makers.entry("SAMPLE_LOOKING"), server=server)
    )
    assert (execution.workflow_run_id, execution.workflow_node) == (None, "")
