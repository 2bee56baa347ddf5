"""Starting workflows: what is looked at first, and what is kept of whoever starts them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from automation.models import Execution, Priority, Template, Trigger, WorkflowRun
from automation.selectors import workflow_runs as selectors
from automation.services import workflow_runs
from automation.services.workflow_runs import WorkflowLaunch, start
from opsmanager.accounts.models import ApiToken
from opsmanager.common.problems import (
    ConfirmationNeeded,
    Invalid,
    InvalidState,
    KeyReused,
    NotFound,
    NotPermitted,
)
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.services.workflow_story import look, note, started, workflow
from tests.incidents import makers as incidents
from tests.support.api_tokens import by_token
from tests.support.broker import queued
from tests.support.servers import group

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

WHERE = [
    {"name": "server", "type": "server", "required": True},
    {"name": "times", "type": "integer", "default": 1},
]
SECRET = "password=hunter2hunter2"


@pytest.fixture
def server() -> Server:
    return makers.server()


def mend(server: Server | str, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "run",
        "runbook": "SAMPLE_MENDING",
        "server": str(server),
        "parameters": {"path": "/tmp/x"},
        **fields,
    }


def asked(made: Any, **fields: Any) -> WorkflowLaunch:
    return WorkflowLaunch(**{"actor": makers.admin(), "workflow": made, **fields})


def test_it_keeps_the_definition_and_the_inputs_that_it_began_with(
    server: Server, django_capture_on_commit_callbacks: Any
) -> None:
    actor = makers.admin()
    made = workflow({"a": look()}, inputs=WHERE, version=3)
    with django_capture_on_commit_callbacks(execute=True):
        run = start(
            asked(made, actor=actor, inputs={"server": server.name}, priority=Priority.HIGH)
        )
    assert (run.workflow, run.name, run.version) == (made, made.name, 3)
    assert run.definition == made.definition
    assert run.inputs == {"server": server.name, "times": 1}
    assert (run.status, run.triggered_by, run.triggered_by_user) == ("RUNNING", "MANUAL", actor)
    assert [(step.key, step.phase) for step in run.steps.all()] == [("a", "WAITING")]
    assert str(run.pk) in queued("schedules")
    event = makers.last_event("AUTOMATION_WORKFLOW_STARTED")
    assert (event.actor_id, event.target_id) == (str(actor.pk), str(run.pk))
    assert event.details["inputs"] == {"server": server.name, "times": 1}


def test_its_executions_have_its_priority_reason_and_incident(server: Server) -> None:
    incident = incidents.incident()
    story = started(
        workflow({"a": look(server)}),
        priority=Priority.LOW,
        reason=f"Full. {SECRET}",
        incident_id=incident.pk,
    )
    execution = story.execution("a")
    assert (execution.priority, execution.incident_id) == (Priority.LOW, incident.pk)
    assert execution.reason == story.run.reason
    assert story.run.reason.startswith("Full.")
    assert "hunter2" not in story.run.reason
    assert "hunter2" not in makers.last_event("AUTOMATION_WORKFLOW_STARTED").message


def test_an_incident_that_is_not_there_starts_nothing(server: Server) -> None:
    with pytest.raises(NotFound, match="no such incident"):
        start(asked(workflow({"a": look(server)}), incident_id=uuid4()))
    assert not WorkflowRun.objects.exists()


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        ({}, "inputs.server", "Is required. Give the name or id of a server."),
        ({"server": "nowhere"}, "inputs.server", "There is no server nowhere"),
        ({"server": 3}, "inputs.server", "Must be the name or id of a server."),
        ({"server": "web", "times": "3"}, "inputs.times", "Must be a whole number."),
        ({"server": "web", "other": 1}, "inputs.other", "It has server, times."),
    ],
)
def test_each_input_that_is_missing_or_wrong_is_named(
    given: dict[str, Any], place: str, said: str
) -> None:
    makers.server(name="web")
    with pytest.raises(Invalid) as problem:
        start(asked(workflow({"a": look()}, inputs=WHERE), inputs=given))
    assert said in " ".join(problem.value.details[place])
    assert not WorkflowRun.objects.exists()


def test_a_group_that_is_not_there_is_named_by_its_input() -> None:
    made = workflow({"a": note()}, inputs=[{"name": "group", "type": "group"}])
    with pytest.raises(Invalid) as problem:
        start(asked(made, inputs={"group": "web"}))
    assert problem.value.details == {
        "inputs.group": ["There is no server group web, or you may not see it."]
    }
    assert start(asked(made)).inputs == {"group": None}


def test_all_nodes_that_name_what_is_not_there_are_named_at_once(server: Server) -> None:
    made = workflow(
        {
            "a": look("gone"),
            "b": {**look(server), "runbook": "NO_SUCH"},
            "c": {"kind": "run", "template": "No such", "server": server.name},
            "d": {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": {"group": "none"}},
            "e": look("{{ results.a.data.where }}"),
        },
        "a e",
    )
    with pytest.raises(Invalid, match="can't run as it is") as problem:
        start(asked(made))
    assert sorted(problem.value.details) == ["nodes.a", "nodes.b", "nodes.c", "nodes.d"]
    assert "There is no server gone" in problem.value.details["nodes.a"][0]


def test_a_server_or_runbook_that_is_switched_off_is_said_before_anything_runs(
    server: Server,
) -> None:
    off = makers.server(is_active=False)
    makers.entry("SAMPLE_MENDING", is_active=False)
    made = workflow({"a": look(server), "b": look(off), "c": mend(server)}, "a b", "b c")
    with pytest.raises(Invalid) as problem:
        start(asked(made))
    assert sorted(problem.value.details) == ["nodes.b", "nodes.c"]
    assert "is switched off" in problem.value.details["nodes.b"][0]


def test_a_server_beyond_the_token_is_not_there_for_it(server: Server) -> None:
    other = makers.server()
    actor = by_token(makers.admin(), server_ids=[server.pk])
    made = workflow({"a": look(server), "b": look(other)}, "a b")
    with pytest.raises(Invalid) as problem:
        start(asked(made, actor=actor))
    assert list(problem.value.details) == ["nodes.b"]


def test_one_that_is_switched_off_starts_nothing(server: Server) -> None:
    made = workflow({"a": look(server)}, is_active=False)
    with pytest.raises(InvalidState, match="Look and mend is switched off") as problem:
        start(asked(made))
    assert problem.value.code == "WORKFLOW_INACTIVE"


def test_who_may_not_run_runbooks_starts_nothing(server: Server) -> None:
    with pytest.raises(NotPermitted):
        start(asked(workflow({"a": look(server)}), actor=makers.user("HR")))


def test_who_may_not_run_one_of_its_nodes_starts_nothing(server: Server) -> None:
    other, noc = makers.server(), makers.user("NOC", operates=server)
    guarded = {**look(server), "runbook": "SAMPLE_GUARDED"}
    made = workflow({"a": look(server), "b": look(other), "c": guarded}, "a b", "a c")
    with pytest.raises(NotPermitted, match=r"would stop half way\. You may not run") as problem:
        start(asked(made, actor=noc))
    assert sorted(problem.value.details) == ["nodes.b", "nodes.c"]
    event = makers.last_event("AUTOMATION_WORKFLOW_REFUSED")
    assert (event.actor_id, event.target_id, event.outcome) == (
        str(noc.pk),
        str(made.pk),
        "REFUSED",
    )
    assert not WorkflowRun.objects.exists()


def test_what_is_dangerous_or_in_production_wants_to_be_meant() -> None:
    server = makers.server(name="shop", environment=Environment.PRODUCTION)
    made = workflow(
        {"a": look(server), "b": {"kind": "run", "runbook": "SAMPLE_DANGEROUS", "server": "shop"}},
        "a b",
    )
    with pytest.raises(ConfirmationNeeded) as problem:
        start(asked(made))
    assert problem.value.details == {
        "confirm": ["Do something dangerous is dangerous.", "shop is a production server."]
    }
    story = started(made, is_confirmed=True).end("a")
    assert story.running == ["b"]


def test_the_servers_of_a_group_count_too() -> None:
    makers.server(environment=Environment.PRODUCTION).groups.add(group("web"))
    spread = {"kind": "run", "runbook": "SAMPLE_LOOKING", "forEach": {"group": "web"}}
    with pytest.raises(ConfirmationNeeded):
        start(asked(workflow({"a": spread})))


def test_a_rehearsal_needs_no_word_that_it_is_meant() -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    start(asked(workflow({"a": look(server)}), is_dry_run=True))
    start(asked(workflow({"a": look(server, isDryRun=True)}, name="Other")))


def test_a_production_server_that_results_name_is_refused_when_it_is_not_meant() -> None:
    server, shop = makers.server(), makers.server(environment=Environment.PRODUCTION)
    made = workflow({"a": look(server), "b": look("{{ results.a.data.where }}")}, "a b")
    story = started(made).end("a", context={"where": shop.name})
    assert story.phases["b"] == "FAILED"
    assert "production" in story.step("b").reason
    meant = started(made, is_confirmed=True).end("a", context={"where": shop.name})
    assert meant.running == ["b"]


def test_a_template_gives_runbook_and_parameters_and_the_node_lays_its_own_over_them(
    server: Server,
) -> None:
    template = Template.objects.create(
        name="Mend it", runbook=makers.entry("SAMPLE_MENDING"), parameters={"path": "/tmp/t"}
    )
    node = {"kind": "run", "template": "Mend it", "server": server.name}
    story = started(workflow({"a": node}))
    execution = story.execution("a")
    assert (execution.runbook.runbook_id, execution.parameters) == (
        "SAMPLE_MENDING",
        {"path": "/tmp/t"},
    )
    assert execution.template_id == template.pk
    own = workflow({"a": {**node, "parameters": {"path": "/tmp/own"}}}, name="Own")
    assert started(own, is_dry_run=True).execution("a").parameters == {"path": "/tmp/own"}


def test_the_same_key_and_request_is_one_run(server: Server) -> None:
    actor, made = makers.admin(), workflow({"a": look()}, inputs=WHERE)
    same = {"actor": actor, "inputs": {"server": server.name}, "idempotency_key": "k"}
    first = start(asked(made, **same))
    assert start(asked(made, **same)) == first
    assert WorkflowRun.objects.count() == 1
    assert start(asked(made, **{**same, "actor": makers.admin()})) != first
    assert start(asked(made, **{**same, "idempotency_key": "other"})) != first


@pytest.mark.parametrize(
    "other", [{"inputs": {"server": "web", "times": 2}}, {"is_dry_run": True}, {"reason": "Else."}]
)
def test_the_same_key_for_another_request_is_refused(other: dict[str, Any]) -> None:
    makers.server(name="web")
    actor, made = makers.admin(), workflow({"a": look()}, inputs=WHERE)
    same: dict[str, Any] = {"actor": actor, "inputs": {"server": "web"}, "idempotency_key": "k"}
    start(asked(made, **same))
    with pytest.raises(KeyReused):
        start(asked(made, **{**same, **other}))


def test_a_key_of_no_length_is_refused(server: Server) -> None:
    with pytest.raises(Invalid):
        start(asked(workflow({"a": look(server)}), idempotency_key=""))


def test_its_executions_ask_for_no_more_than_the_token_by_which_it_was_started(
    server: Server,
) -> None:
    other = makers.server()
    actor = by_token(makers.admin(), name="ci", server_ids=[server.pk])
    made = workflow({"a": look(server), "b": look("{{ results.a.data.where }}")}, "a b")
    story = started(made, actor=actor)
    assert (story.run.api_token_id, story.run.api_token_name) == (actor.token.pk, "ci")
    assert story.execution("a").api_token_id == actor.token.pk
    story.end("a", context={"where": other.name})
    assert f"There is no server {other.name}" in story.step("b").reason
    assert len(story.launched) == 1


def test_with_the_token_gone_nothing_more_is_begun(server: Server) -> None:
    actor = by_token(makers.admin())
    story = started(workflow({"a": look(server), "b": look(server)}, "a b"), actor=actor)
    ApiToken.objects.all().delete()
    story.end("a")
    assert "It was started by an API token." in story.step("b").reason


def test_what_starts_by_itself_is_of_no_token_and_of_its_owner(server: Server) -> None:
    owner = makers.admin()
    run = start(
        asked(
            workflow({"a": look(server)}),
            actor=owner,
            trigger=Trigger.SCHEDULED,
            trigger_name="Nightly",
            schedule_id=uuid4(),
        )
    )
    assert (run.triggered_by_user, run.on_behalf_of, run.api_token_id) == (None, owner, None)
    assert (run.triggered_by, run.trigger_name) == ("SCHEDULED", "Nightly")


def test_a_run_is_seen_by_those_who_may_see_workflows_and_executions(server: Server) -> None:
    run = start(asked(workflow({"a": look(server)})))
    assert selectors.get(makers.user("NOC"), run.pk) == run
    with pytest.raises(NotFound):
        selectors.get(makers.user("HR"), run.pk)


def test_a_token_for_some_servers_sees_no_runs_for_they_reach_beyond_them(server: Server) -> None:
    user = makers.admin()
    run = start(asked(workflow({"a": look(server)}), actor=user))
    assert not selectors.visible_to(by_token(user, server_ids=[server.pk])).exists()
    assert list(selectors.visible_to(by_token(user))) == [run]


def test_runs_are_found_by_name_reason_and_end(server: Server) -> None:
    made = workflow({"a": look(server)})
    run = started(made, reason="Ticket 7").end("a").run
    rows = selectors.visible_to(makers.admin())
    for text in ("", "look AND", "ticket", "all has ended"):
        assert list(selectors.search(rows, text)) == [run]
    assert not selectors.search(rows, "else").exists()


def test_a_workflow_of_notes_alone_ends_at_once() -> None:
    story = started(workflow({"a": note(f"Use {SECRET}."), "b": note()}, "a b"))
    assert story.run.status == "SUCCESS"
    assert "hunter2" not in story.step("a").result["summary"]
    assert not Execution.objects.exists()
    assert story.run.finished_at - story.run.started_at < timedelta(minutes=1)
    with pytest.raises(InvalidState):
        workflow_runs.cancel(actor=makers.admin(), run=story.run)
