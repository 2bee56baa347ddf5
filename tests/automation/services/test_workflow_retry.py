"""Having the run of a workflow go on from what failed, or from a node that somebody names."""

from typing import Any

import pytest

from automation.engine.results import Status
from automation.models import Approval, WorkflowRun
from automation.services.workflow_runs import cancel, retry
from opsmanager.accounts.models import ApiToken
from opsmanager.common.problems import ConfirmationNeeded, Invalid, InvalidState, NotPermitted
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.services.workflow_story import Story, look, note, started, wait, workflow
from tests.support.api_tokens import by_token
from tests.support.broker import queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

S, F, C, K, W, R = "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED", "WAITING", "RUNNING"
EACH = {"kind": "run", "runbook": "SAMPLE_LOOKING"}


@pytest.fixture
def server() -> Server:
    return makers.server()


def chain(server: Server, **fields: Any) -> Story:
    """Return the run of three in a row, of which the second has failed."""
    made = workflow({key: look(server) for key in "abc"}, "a b", "b c")
    return started(made, **fields).end("a").end("b", Status.FAILED, error_message="No room.")


def go_on(story: Story, **fields: Any) -> Story:
    retry(run=story.run, **{"actor": makers.admin(), **fields})
    return story.advance()


def test_it_goes_on_from_what_failed(
    server: Server, django_capture_on_commit_callbacks: Any
) -> None:
    actor, story = makers.admin(), chain(server)
    assert story.phases == {"a": S, "b": F, "c": C}
    failed = story.execution("b")
    with django_capture_on_commit_callbacks(execute=True):
        run = retry(actor=actor, run=story.run, reason="Room was made. password=hunter2hunter2")
    assert (run.status, run.retried_by, run.retries) == ("RUNNING", actor, 1)
    assert (run.message, run.finished_at) == ("", None)
    assert str(run.pk) in queued("schedules")
    event = makers.last_event("AUTOMATION_WORKFLOW_RETRIED")
    assert (event.actor_id, event.details["nodes"]) == (str(actor.pk), ["b"])
    assert event.message.startswith("Room was made.")
    assert "hunter2" not in event.message

    story.advance()
    assert story.phases == {"a": S, "b": R, "c": W}
    assert story.execution("b") != failed
    assert story.step("b").ended_at is None
    assert story.end("b").end("c").run.status == "SUCCESS"
    assert len(story.launched) == 4


def test_from_a_node_that_is_named_all_that_depends_on_it_runs_again(server: Server) -> None:
    story = go_on(chain(server), node="a")
    assert story.phases == {"a": R, "b": W, "c": W}
    story.end("a").end("b").end("c")
    assert story.run.status == "SUCCESS"
    assert len(story.launched) == 5


def test_also_what_succeeded_can_be_run_again_from_a_node(server: Server) -> None:
    story = started(workflow({"a": look(server), "b": note()}, "a b")).end("a")
    go_on(story, node="a")
    assert story.phases == {"a": R, "b": W}


def test_all_that_failed_is_tried_again(server: Server) -> None:
    made = workflow({key: look(server) for key in "abc"}, "a c", "b c")
    story = started(made)
    story.end_quietly("a", Status.FAILED)
    story.end("b", Status.FAILED)
    assert go_on(story).phases == {"a": R, "b": R, "c": W}


def test_what_was_cancelled_is_resumed(server: Server) -> None:
    made = workflow({key: look(server) for key in "abc"}, "a b", "b c")
    story = started(made).end("a")
    cancel(actor=makers.admin(), run=story.run)
    story.advance().advance()
    assert story.phases == {"a": S, "b": C, "c": C}
    go_on(story)
    assert story.run.cancel_requested_at is None
    assert story.phases == {"a": S, "b": R, "c": W}
    assert story.end("b").end("c").run.status == "SUCCESS"


def test_what_was_cancelled_before_it_began_is_resumed_there(server: Server) -> None:
    story = started(workflow({"a": look(server), "b": look(server)}, "a b"))
    cancel(actor=makers.admin(), run=story.run)
    story.end_quietly("a")
    story.advance()
    assert story.phases == {"a": S, "b": C}
    assert go_on(story).phases == {"a": S, "b": R}


def test_the_servers_on_which_it_succeeded_are_left_alone() -> None:
    names = [makers.server().name for _ in range(3)]
    story = started(
        workflow({"all": {**EACH, "forEach": {"servers": names}}, "b": note()}, "all b")
    )
    story.end("all", item=names[0]).end("all", Status.FAILED, item=names[1])
    story.end("all", item=names[2])
    assert story.run.status == "FAILED"
    first = story.execution("all", names[0])
    go_on(story)
    assert story.running == [f"all on {names[1]}"]
    assert story.execution("all", names[0]) == first
    assert story.end("all", item=names[1]).run.status == "SUCCESS"
    assert len(story.launched) == 4


def test_a_server_that_left_the_group_meanwhile_is_left_out() -> None:
    from tests.support.servers import group

    web = group("web")
    servers = [makers.server() for _ in range(2)]
    for each in servers:
        each.groups.add(web)
    story = started(workflow({"all": {**EACH, "forEach": {"group": "web"}}}))
    story.end("all", item=servers[0].name).end("all", Status.FAILED, item=servers[1].name)
    servers[1].groups.clear()
    assert go_on(story).run.status == "SUCCESS"
    assert story.phases == {"all": S, f"all on {servers[0].name}": S}


def test_an_approval_is_asked_for_anew(server: Server) -> None:
    story = started(workflow({"ask": wait(approvals=1), "a": look(server)}, "ask a"))
    Approval.objects.filter(step__run=story.run).update(state="EXPIRED")
    assert story.advance().phases == {"ask": F, "a": C}
    go_on(story)
    assert story.advance().phases == {"ask": R, "a": W}
    states = Approval.objects.filter(step__run=story.run).order_by("asked_at")
    assert list(states.values_list("state", flat=True)) == ["EXPIRED", "PENDING"]
    Approval.objects.filter(state="PENDING").update(state="APPROVED")
    assert story.advance().phases == {"ask": S, "a": R}


def test_a_wait_begins_anew(server: Server) -> None:
    story = started(workflow({"pause": wait(seconds=600), "a": look(server)}, "pause a"))
    before = story.step("pause").due_at
    cancel(actor=makers.admin(), run=story.run)
    go_on(story.advance())
    assert story.phases == {"pause": R, "a": W}
    assert story.step("pause").due_at > before


def test_the_permissions_of_who_has_it_go_on_count_from_then_on(server: Server) -> None:
    noc, manager = makers.user("NOC", operates=server), makers.user("MANAGER", operates=server)
    story = chain(server, actor=noc)
    noc.groups.clear()
    go_on(story, actor=manager)
    assert story.execution("b").triggered_by_user == manager


def test_of_what_started_by_itself_it_goes_on_as_theirs(server: Server) -> None:
    owner, manager = makers.admin(), makers.user("MANAGER", operates=server)
    story = chain(server, actor=owner, trigger="SCHEDULED", trigger_name="Nightly")
    go_on(story, actor=manager)
    execution = story.execution("b")
    assert (execution.triggered_by_user, execution.on_behalf_of) == (manager, None)
    assert execution.trigger_name == ""


def test_the_limits_of_the_token_by_which_it_goes_on_hold(server: Server) -> None:
    story = chain(server)
    bot = by_token(makers.admin(), name="bot")
    go_on(story, actor=bot)
    assert (story.run.api_token_id, story.run.api_token_name) == (bot.token.pk, "bot")
    assert story.execution("b").api_token_id == bot.token.pk
    ApiToken.objects.all().delete()
    story.end("b")
    assert "It was started by an API token." in story.step("c").reason


def test_a_person_who_has_it_go_on_is_not_held_by_the_token_that_started_it(
    server: Server,
) -> None:
    story = chain(server, actor=by_token(makers.admin()))
    ApiToken.objects.all().delete()
    go_on(story)
    assert (story.run.api_token_id, story.run.api_token_name) == (None, "")
    assert story.phases["b"] == R


def test_while_it_runs_it_is_not_tried_again(server: Server) -> None:
    story = started(workflow({"a": look(server)}))
    with pytest.raises(InvalidState, match="It has not ended yet"):
        retry(actor=makers.admin(), run=story.run)
    go_on(story.end("a", Status.FAILED))
    with pytest.raises(InvalidState):
        retry(actor=makers.admin(), run=story.run)


def test_where_nothing_failed_there_is_nothing_to_go_on_from(server: Server) -> None:
    story = started(workflow({"a": look(server)})).end("a")
    with pytest.raises(InvalidState, match="Nothing in it failed or was cancelled"):
        retry(actor=makers.admin(), run=story.run)
    assert story.advance().run.status == "SUCCESS"


def test_what_was_passed_over_can_be_tried_again(server: Server) -> None:
    story = started(workflow({"a": look(server, onFailure="continue"), "b": note()}, "a b always"))
    story.end("a", Status.FAILED)
    assert story.run.status == "SUCCESS"
    assert go_on(story).phases == {"a": R, "b": W}


def test_a_node_that_there_is_not_is_named_with_those_that_are(server: Server) -> None:
    with pytest.raises(Invalid) as problem:
        retry(actor=makers.admin(), run=chain(server).run, node="x")
    assert problem.value.details == {"node": ["Name one of a, b, c."]}


def test_a_role_that_may_run_nothing_again_may_not(server: Server) -> None:
    story = chain(server)
    for role in ("NOC", "HR"):
        with pytest.raises(NotPermitted):
            retry(actor=makers.user(role, operates=server), run=story.run)
    assert WorkflowRun.objects.get().retries == 0


def test_what_is_risky_has_to_be_meant_by_who_has_it_go_on() -> None:
    shop = makers.server(environment=Environment.PRODUCTION)
    story = chain(shop, is_confirmed=True)
    with pytest.raises(ConfirmationNeeded):
        retry(actor=makers.admin(), run=story.run)
    assert go_on(story, is_confirmed=True).phases["b"] == R


def test_what_does_not_run_again_need_not_be_there_any_more(server: Server) -> None:
    shop = makers.server(environment=Environment.PRODUCTION)
    made = workflow({"a": look(shop), "b": look(server)}, "a b")
    story = started(made, is_confirmed=True).end("a").end("b", Status.FAILED)
    Server.objects.filter(pk=shop.pk).update(is_active=False)
    assert go_on(story).phases == {"a": S, "b": R}


def test_what_is_not_there_any_more_is_said_before_anything_runs(server: Server) -> None:
    story = chain(server)
    Server.objects.filter(pk=server.pk).update(is_active=False)
    with pytest.raises(Invalid) as problem:
        retry(actor=makers.admin(), run=story.run)
    assert sorted(problem.value.details) == ["nodes.b", "nodes.c"]
    assert story.advance().run.status == "FAILED"


def test_it_goes_on_without_the_workflow_that_it_was_a_run_of(server: Server) -> None:
    story = chain(server)
    assert story.run.workflow is not None
    story.run.workflow.delete()
    story.run.refresh_from_db()
    assert go_on(story).end("b").end("c").run.status == "SUCCESS"


def test_a_dry_run_goes_on_as_one(server: Server) -> None:
    story = go_on(chain(server, is_dry_run=True))
    assert story.execution("b").is_dry_run
