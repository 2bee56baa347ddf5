"""Cancelling the run of a workflow: nothing more begins, and what runs is asked to end."""

from typing import Any

import pytest

from automation.engine.results import Status
from automation.models import Approval, Execution, WorkflowRun
from automation.selectors import workflow_runs as selectors
from automation.services import workflow_progress
from automation.services.workflow_runs import cancel, retry
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import InvalidState, NotPermitted
from servers.models import Server
from tests.automation import makers
from tests.automation.services.workflow_story import Story, look, started, wait, workflow
from tests.support.broker import queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def server() -> Server:
    return makers.server()


def chain(server: Server, *, actor: User | None = None) -> Story:
    made = workflow({"a": look(server), "b": look(server)}, "a b")
    return started(made, actor=actor)


def running(story: Story, key: str) -> None:
    """Have a worker run what a node waits for."""
    Execution.objects.filter(pk=story.execution(key).pk).update(
        status=Status.RUNNING, waiting_since=None
    )


def test_what_waits_for_a_worker_is_cancelled_at_once(
    server: Server, django_capture_on_commit_callbacks: Any
) -> None:
    actor = makers.user("NOC", operates=server)
    story = chain(server, actor=actor)
    with django_capture_on_commit_callbacks(execute=True):
        run = cancel(actor=actor, run=story.run)
    assert (run.cancel_requested_by, run.status) == (actor, "RUNNING")
    assert str(run.pk) in queued("schedules")
    event = makers.last_event("AUTOMATION_WORKFLOW_CANCEL_REQUESTED")
    assert (event.actor_id, event.target_id) == (str(actor.pk), str(run.pk))

    story.advance()
    assert story.phases == {"a": "RUNNING", "b": "CANCELLED"}
    execution = story.execution("a")
    assert (execution.status, execution.cancel_requested_by) == (Status.CANCELLED, actor)
    story.advance()
    assert story.phases == {"a": "CANCELLED", "b": "CANCELLED"}
    assert story.run.status == "CANCELLED"
    assert story.run.message == "It ended because the workflow was cancelled."
    event = makers.last_event("AUTOMATION_WORKFLOW_CANCELLED")
    assert (event.actor_type, event.outcome) == ("WORKFLOW", "FAILED")
    assert len(story.launched) == 1


def test_what_runs_is_asked_to_end_and_the_run_ends_when_it_has(server: Server) -> None:
    story = chain(server)
    running(story, "a")
    cancel(actor=makers.admin(), run=story.run)
    story.advance().advance()
    assert story.execution("a").cancel_requested_at is not None
    assert (story.run.status, story.phases["a"]) == ("RUNNING", "RUNNING")
    assert not selectors.due().exists()
    story.end("a", Status.CANCELLED)
    assert (story.run.status, story.phases) == ("CANCELLED", {"a": "CANCELLED", "b": "CANCELLED"})


def test_what_succeeds_in_the_meantime_has_succeeded_and_is_followed_by_nothing(
    server: Server,
) -> None:
    story = chain(server)
    running(story, "a")
    cancel(actor=makers.admin(), run=story.run)
    story.end("a")
    assert story.phases == {"a": "SUCCEEDED", "b": "CANCELLED"}
    assert story.run.status == "CANCELLED"


def test_on_several_servers_each_is_ended_and_the_rest_not_begun() -> None:
    names = [makers.server().name for _ in range(3)]
    spread = {"servers": names, "maxParallel": 2}
    story = started(
        workflow({"all": {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": spread}})
    )
    running_there = Execution.objects.filter(pk=story.execution("all", names[1]).pk)
    running_there.update(status=Status.RUNNING, waiting_since=None)
    cancel(actor=makers.admin(), run=story.run)
    story.advance().advance()
    assert [story.phases[f"all on {name}"] for name in names] == [
        "CANCELLED",
        "RUNNING",
        "CANCELLED",
    ]
    story.end("all", Status.CANCELLED, item=names[1])
    assert (story.phases["all"], story.run.status) == ("CANCELLED", "CANCELLED")
    assert len(story.launched) == 2


def test_a_wait_is_not_waited_for_any_more() -> None:
    story = started(workflow({"pause": wait(seconds=600)}))
    cancel(actor=makers.admin(), run=story.run)
    assert list(selectors.due()) == [story.run]
    story.advance()
    assert (story.phases, story.run.status) == ({"pause": "CANCELLED"}, "CANCELLED")


def test_nobody_is_asked_for_an_approval_any_more(server: Server) -> None:
    story = started(workflow({"ask": wait(approvals=1), "a": look(server)}, "ask a"))
    cancel(actor=makers.admin(), run=story.run)
    story.advance()
    assert Approval.objects.get(step__run=story.run).state == "WITHDRAWN"
    assert story.phases == {"ask": "CANCELLED", "a": "CANCELLED"}
    assert story.run.status == "CANCELLED"


def test_what_waits_for_an_approval_of_its_own_ends_and_nobody_is_asked_any_more() -> None:
    guarded = makers.server(approvals=1)
    mend = {**look(guarded), "runbook": "SAMPLE_MENDING", "parameters": {"path": "/tmp/x"}}
    story = started(workflow({"a": mend}))
    assert Approval.objects.get(execution=story.execution("a")).state == "PENDING"
    cancel(actor=makers.admin(), run=story.run)
    assert story.advance().advance().run.status == "CANCELLED"
    assert Approval.objects.get(execution=story.execution("a")).state == "WITHDRAWN"


def test_what_nobody_knows_the_end_of_is_decided_first(server: Server) -> None:
    story = chain(server).end("a", Status.UNKNOWN)
    cancel(actor=makers.admin(), run=story.run)
    assert story.advance().run.status == "RUNNING"
    Execution.objects.filter(pk=story.execution("a").pk).update(status=Status.FAILED)
    assert story.advance().run.status == "CANCELLED"


def test_to_cancel_it_twice_changes_nothing(server: Server) -> None:
    story = chain(server)
    running(story, "a")
    first = cancel(actor=makers.admin(), run=story.run)
    again = cancel(actor=makers.admin(), run=story.run)
    assert again.cancel_requested_by == first.cancel_requested_by
    assert (again.cancel_requested_at, again.revision) == (
        first.cancel_requested_at,
        first.revision,
    )
    events = AuditEvent.objects.filter(verb="AUTOMATION_WORKFLOW_CANCEL_REQUESTED")
    assert events.count() == 1


def test_what_has_ended_is_not_cancelled(server: Server) -> None:
    story = started(workflow({"a": look(server)})).end("a")
    with pytest.raises(InvalidState, match=r"It has ended already \(SUCCESS\)"):
        cancel(actor=makers.admin(), run=story.run)


def test_runs_of_others_are_not_everybodys_to_cancel(server: Server) -> None:
    story = chain(server)
    with pytest.raises(NotPermitted, match="this one was started by another"):
        cancel(actor=makers.user("NOC", operates=server), run=story.run)
    assert not WorkflowRun.objects.filter(cancel_requested_at__isnull=False).exists()
    cancel(actor=makers.user("MANAGER"), run=story.run)
    assert story.advance().advance().run.status == "CANCELLED"


def test_after_a_worker_died_in_between_the_next_one_cancels_what_runs(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = chain(server)
    cancel(actor=makers.admin(), run=story.run)
    with monkeypatch.context() as patched:
        patched.setattr(workflow_progress, "_cancel_executions", lambda _run: None)
        story.advance()
    assert story.execution("a").status == Status.PENDING
    assert list(selectors.due()) == [story.run]
    assert story.advance().advance().run.status == "CANCELLED"


def test_who_started_it_ends_also_what_another_had_it_go_on_with(server: Server) -> None:
    noc = makers.user("NOC", operates=server)
    story = chain(server, actor=noc).end("a", Status.FAILED)
    retry(actor=makers.user("MANAGER", operates=server), run=story.run)
    story.advance()
    cancel(actor=noc, run=story.run)
    assert story.advance().advance().run.status == "CANCELLED"
    assert story.execution("a").cancel_requested_by == noc


def test_it_is_cancelled_though_the_one_who_asked_may_nothing_any_more(server: Server) -> None:
    noc = makers.user("NOC", operates=server)
    story = chain(server, actor=noc)
    cancel(actor=noc, run=story.run)
    noc.groups.clear()
    assert story.advance().advance().run.status == "CANCELLED"


def test_it_is_cancelled_though_the_one_who_asked_was_removed(server: Server) -> None:
    noc = makers.user("NOC", operates=server)
    story = chain(server, actor=noc)
    cancel(actor=noc, run=story.run)
    noc.delete()
    assert story.advance().advance().run.status == "CANCELLED"
    event = makers.last_event("AUTOMATION_EXECUTION_CANCELLED")
    assert (event.actor_type, event.actor_name) == ("WORKFLOW", "Look and mend")


def test_what_ends_by_itself_meanwhile_is_let_be(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = chain(server)
    cancel(actor=makers.admin(), run=story.run)
    before = list(selectors.to_cancel(story.run))
    story.end_quietly("a")
    monkeypatch.setattr(selectors, "to_cancel", lambda _run: before)
    monkeypatch.setattr(selectors, "due", WorkflowRun.objects.all)
    story.advance()
    assert story.run.status == "CANCELLED"
    assert story.execution("a").status == Status.SUCCESS


def test_an_execution_that_somebody_cancels_by_itself_stops_the_rest(server: Server) -> None:
    story = chain(server).end("a", Status.CANCELLED)
    assert story.phases == {"a": "CANCELLED", "b": "CANCELLED"}
    assert (story.run.status, story.run.message) == (
        "CANCELLED",
        "It ended because a was cancelled.",
    )
