"""Rules that start a workflow: for whom, what holds them back, and what its end means."""

from typing import Any

import pytest
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Execution, Workflow, WorkflowRun
from automation.services import workflow_runs
from incidents.models import Incident, RemediationRule, RuleBreaker, RuleDecision
from incidents.services import rules, suggested
from incidents.services.reasons import why
from incidents.services.remediation import consider
from incidents.services.tryout import try_rule
from opsmanager.common.problems import ConfirmationNeeded, Invalid, Problem
from servers.models import Environment
from tests.automation import makers
from tests.automation.services.workflow_story import Story, look, note, workflow
from tests.incidents.makers import incident, rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

INPUTS = [
    {"name": "server", "type": "server", "required": True},
    {"name": "path", "type": "string"},
    {"name": "times", "type": "integer", "default": 1},
]
GIVEN = {"server": "{{ server.name }}", "path": "{{ labels.path }}", "times": "3"}


def mend(server: str = "{{ inputs.server }}", **fields: Any) -> dict[str, Any]:
    parameters = {"path": "{{ inputs.path }}"}
    return {
        "kind": "run",
        "runbook": "SAMPLE_MENDING",
        "server": server,
        "parameters": parameters,
        **fields,
    }


@pytest.fixture
def mending() -> Workflow:
    return workflow({"look": look(), "mend": mend()}, "look mend", name="Mend it", inputs=INPUTS)


def of(made: Workflow, mode: str = "AUTOMATIC", **fields: Any) -> RemediationRule:
    return rule(mode, **{"workflow": made, "parameters": GIVEN, **fields})


def started(broken: Incident) -> tuple[RuleDecision, Story]:
    (row,) = consider(broken)
    assert row.outcome == "STARTED", row.message
    assert row.workflow_run is not None
    return row, Story(row.workflow_run).advance()


def failed(row: RuleDecision) -> list[str]:
    return [condition["name"] for condition in row.conditions if not condition["holds"]]


def lines(broken: Incident) -> list[str]:
    return list(broken.timeline.order_by("at", "pk").values_list("text", flat=True))


def test_it_starts_its_workflow_for_its_owner_with_what_the_incident_says(
    mending: Workflow,
) -> None:
    asked = of(mending, name="mends")
    broken = incident()
    row, story = started(broken)
    run = story.run
    assert row.execution is None
    assert run.inputs == {"server": broken.server.name, "path": "/tmp/x", "times": 3}
    assert (run.triggered_by, run.trigger_name) == ("INCIDENT", "mends")
    assert (run.triggered_by_user, run.on_behalf_of) == (None, asked.owner)
    assert (run.incident_id, run.reason) == (broken.pk, "For the incident: nginx is down")
    assert row.message == (
        f"The rule mends fits: it starts the workflow Mend it for {broken.server.name}."
    )
    assert "The workflow Mend it was started." in lines(broken)
    shown = broken.timeline.filter(workflow_run=run)
    assert {entry.kind for entry in shown} == {"RULE", "EXECUTION"}
    broken.refresh_from_db()
    assert broken.status == "REMEDIATING"


def test_the_incident_is_mended_as_long_as_the_workflow_runs(mending: Workflow) -> None:
    of(mending, at_once=2)
    broken = incident()
    _row, story = started(broken)
    story.end_quietly("look")
    broken.refresh_from_db()
    assert broken.status == "REMEDIATING"
    # Nothing else is started meanwhile, also between two nodes.
    assert consider(broken) == []
    story.advance()
    story.end("mend", Status.FAILED)
    broken.refresh_from_db()
    assert (story.run.status, broken.status) == ("FAILED", "OPEN")


@pytest.mark.parametrize(
    ("look_says", "mend_says", "did_fix"),
    [
        ("", Verdict.FIXED, True),
        (Verdict.NOTHING_TO_FIX, Verdict.FIXED, True),
        # What was said last of the server counts.
        (Verdict.NOT_FIXED, Verdict.FIXED, True),
        (Verdict.FIXED, Verdict.NOT_FIXED, False),
        ("", Verdict.NOTHING_TO_FIX, False),
        ("", Verdict.MADE_WORSE, False),
        # Nothing assesses anything: it changed something, and succeeded.
        ("", "", True),
    ],
)
def test_what_is_said_last_of_a_server_says_whether_the_workflow_fixed(
    mending: Workflow, look_says: str, mend_says: str, did_fix: bool
) -> None:
    of(mending)
    broken = incident()
    row, story = started(broken)
    story.end("look", verdict=look_says)
    story.end("mend", verdict=mend_says)
    assert story.run.status == "SUCCESS"
    row.refresh_from_db()
    assert row.did_fix is did_fix
    assert row.ended_at is not None
    broken.refresh_from_db()
    assert broken.is_open is not did_fix
    assert (broken.look_again_at is not None) is broken.is_open


def test_one_server_that_is_still_broken_is_enough_not_to_have_fixed() -> None:
    first, second = makers.server(), makers.server()
    node = {**mend(), "forEach": {"servers": [first.name, second.name]}}
    del node["server"]
    of(workflow({"mend": node}, inputs=INPUTS))
    row, story = started(incident())
    story.end("mend", item=first.name, verdict=Verdict.FIXED)
    story.end("mend", item=second.name, verdict=Verdict.NOT_FIXED)
    assert story.run.status == "SUCCESS"
    row.refresh_from_db()
    assert row.did_fix is False


def test_a_workflow_that_only_looked_has_fixed_nothing() -> None:
    of(workflow({"look": look(), "say": note()}, "look say", inputs=INPUTS))
    row, story = started(incident())
    story.end("look")
    assert story.run.status == "SUCCESS"
    row.refresh_from_db()
    assert row.did_fix is False


def test_a_cancelled_run_says_nothing_of_the_rule(mending: Workflow) -> None:
    of(mending, breaker_after=1)
    row, story = started(incident())
    workflow_runs.cancel(actor=makers.admin(), run=story.run)
    story.advance().advance()
    assert story.run.status == "CANCELLED"
    row.refresh_from_db()
    assert (row.did_fix, row.ended_at is None) == (None, False)
    assert not RuleBreaker.objects.exists()


def test_a_run_that_goes_on_and_then_fixes_it_is_corrected(mending: Workflow) -> None:
    of(mending)
    makers.entry("SAMPLE_MENDING", cooldown_minutes=0)
    broken = incident()
    row, story = started(broken)
    story.end("look")
    story.end("mend", Status.FAILED)
    row.refresh_from_db()
    assert row.did_fix is False
    workflow_runs.retry(actor=makers.admin(), run=story.run, node="mend")
    assert "The workflow Mend it goes on." in lines(broken)
    broken.refresh_from_db()
    assert broken.status == "REMEDIATING"
    story.advance().end("mend", verdict=Verdict.FIXED)
    row.refresh_from_db()
    broken.refresh_from_db()
    assert (row.did_fix, broken.is_open) == (True, False)


def test_it_is_stopped_for_a_server_where_it_does_not_help(mending: Workflow) -> None:
    of(mending, breaker_after=2, retry_minutes=0)
    broken = incident()
    for _ in range(2):
        Incident.objects.filter(pk=broken.pk).update(last_seen_at=timezone.now())
        _row, story = started(broken)
        story.end("look", Status.FAILED)
    assert RuleBreaker.objects.get().server == broken.server
    Incident.objects.filter(pk=broken.pk).update(last_seen_at=timezone.now())
    (row,) = consider(broken)
    assert (row.outcome, failed(row)) == ("HELD", ["breakerClosed"])


def _off(made: Workflow, _rule: RemediationRule, _broken: Incident) -> None:
    Workflow.objects.filter(pk=made.pk).update(is_active=False)


def _no_such_server(_made: Workflow, asked: RemediationRule, _broken: Incident) -> None:
    given = {**GIVEN, "server": "{{ labels.job }}"}
    RemediationRule.objects.filter(pk=asked.pk).update(parameters=given)


def _of_another_type(_made: Workflow, asked: RemediationRule, _broken: Incident) -> None:
    given = {**GIVEN, "times": "{{ labels.job }}"}
    RemediationRule.objects.filter(pk=asked.pk).update(parameters=given)


def _owner_may_not(_made: Workflow, asked: RemediationRule, _broken: Incident) -> None:
    RemediationRule.objects.filter(pk=asked.pk).update(owner=makers.user("HELPDESK"))


def _owner_has_no_server(_made: Workflow, asked: RemediationRule, _broken: Incident) -> None:
    RemediationRule.objects.filter(pk=asked.pk).update(owner=makers.user("NOC"))


def _production(_made: Workflow, _rule: RemediationRule, broken: Incident) -> None:
    broken.server.environment = Environment.PRODUCTION
    broken.server.save()


def _maintenance(_made: Workflow, _rule: RemediationRule, broken: Incident) -> None:
    broken.server.in_maintenance = True
    broken.server.save()


@pytest.mark.parametrize(
    ("change", "guard", "said"),
    [
        (_off, "workflowActive", "is switched off"),
        (_no_such_server, "parametersValid", "inputs.server: There is no server web"),
        (_of_another_type, "parametersValid", "inputs.times: Must be a whole number."),
        (_owner_may_not, "permissions", "It may do what its owner"),
        (_owner_has_no_server, "permissions", "It may do what its owner"),
        (_production, "confirmed", "is a production server"),
        (_maintenance, "notInMaintenance", "nothing runs there by itself"),
    ],
)
def test_each_guard_holds_it_back_and_says_why(
    mending: Workflow, change: Any, guard: str, said: str
) -> None:
    asked, broken = of(mending), incident()
    change(mending, asked, broken)
    (row,) = consider(Incident.objects.get(pk=broken.pk))
    assert (row.outcome, failed(row)) == ("HELD", [guard])
    assert said in row.message
    assert not WorkflowRun.objects.exists()
    assert not Execution.objects.exists()


def test_a_confirmed_rule_acts_in_production(mending: Workflow) -> None:
    of(mending, is_confirmed=True)
    server = makers.server(environment=Environment.PRODUCTION)
    row, story = started(incident(server=server))
    assert row.server == server
    assert story.end("look").running == ["mend"]


def test_no_more_run_at_once_than_it_may(mending: Workflow) -> None:
    of(mending)
    started(incident())
    (row,) = consider(incident())
    assert (row.outcome, failed(row)) == ("HELD", ["atOnce"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": "/x"}, "server: Is required. Give the name or id of a server."),
        ({**GIVEN, "time": 1}, "time: The workflow has no such input."),
        ({**GIVEN, "time": "{{ labels.path }}"}, "time: The workflow has no such input."),
        ({**GIVEN, "times": "many"}, "times: Must be a whole number."),
        ({**GIVEN, "server": "{{ hostname }}"}, "hostname"),
    ],
)
def test_mistakes_in_its_inputs_are_said_when_it_is_saved(
    mending: Workflow, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid) as problem:
        rules.save(actor=makers.admin(), name="mend", workflow=mending, parameters=given)
    assert said in " ".join(problem.value.details["parameters"])


def test_it_starts_one_thing(mending: Workflow) -> None:
    with pytest.raises(Invalid) as problem:
        rules.save(
            actor=makers.admin(),
            name="mend",
            workflow=mending,
            runbook=makers.entry("SAMPLE_MENDING"),
            parameters=GIVEN,
        )
    assert "one of them" in problem.value.details["runbookId"][0]


def test_switching_it_on_has_to_be_meant_where_one_of_its_runbooks_is_dangerous(
    mending: Workflow,
) -> None:
    row = of(mending, "OFF")
    rules.set_mode(actor=makers.admin(), rule=row, mode="AUTOMATIC")
    makers.entry("SAMPLE_MENDING", dangerous=True)
    with pytest.raises(ConfirmationNeeded, match="is dangerous"):
        rules.set_mode(actor=makers.admin(), rule=row, mode="AUTOMATIC")
    # A workflow says itself where it runs: also outside the group.
    makers.server(environment=Environment.PRODUCTION, name="db-1")
    with pytest.raises(ConfirmationNeeded, match="production: on db-1"):
        rules.set_mode(actor=makers.admin(), rule=row, mode="AUTOMATIC")
    rules.set_mode(actor=makers.admin(), rule=row, mode="AUTOMATIC", is_confirmed=True)


def test_a_suggestion_is_started_by_a_person_and_its_end_is_noted(mending: Workflow) -> None:
    asked, broken = of(mending, "SUGGEST"), incident()
    (row,) = consider(broken)
    assert row.outcome == "SUGGESTED"
    noc = makers.user("NOC", operates=broken.server)
    (reason,) = why(noc, broken)
    assert (reason.is_suggested, reason.wants_its_page) == (True, False)
    run = suggested.start(actor=noc, rule=asked, incident=broken)
    assert isinstance(run, WorkflowRun)
    assert (run.triggered_by, run.triggered_by_user) == ("MANUAL", noc)
    story = Story(run).advance()
    story.end("look")
    story.end("mend", verdict=Verdict.FIXED)
    row.refresh_from_db()
    assert (row.workflow_run, row.did_fix) == (run, True)


def test_who_is_quicker_than_the_rules_starts_a_suggestion_whose_end_is_noted_too(
    mending: Workflow,
) -> None:
    asked, broken = of(mending, "SUGGEST"), incident()
    noc = makers.user("NOC", operates=broken.server)
    first, again = (
        suggested.start(actor=noc, rule=asked, incident=broken, idempotency_key="once")
        for _ in range(2)
    )
    assert first.pk == again.pk
    row = RuleDecision.objects.get()
    assert (row.outcome, row.workflow_run, row.server) == ("SUGGESTED", first, broken.server)
    assert row.message.endswith(f"it suggests the workflow Mend it for {broken.server.name}.")
    second = suggested.start(actor=noc, rule=asked, incident=broken, idempotency_key="twice")
    assert RuleDecision.objects.filter(workflow_run=second).count() == 1
    assert RuleDecision.objects.count() == 2


def test_in_production_a_suggestion_leads_to_the_workflows_page(mending: Workflow) -> None:
    server = makers.server(environment=Environment.PRODUCTION, name="web-1")
    asked, broken = of(mending, "SUGGEST"), incident(server=server)
    noc = makers.user("NOC", operates=server)
    (reason,) = why(noc, broken)
    assert reason.wants_its_page
    assert reason.url == (
        f"/workflows/{mending.pk}/run/?input-path=%2Ftmp%2Fx&input-times=3&input-server=web-1"
        f"&incident={broken.pk}"
    )
    with pytest.raises(Problem, match="start it from its own page"):
        suggested.start(actor=noc, rule=asked, incident=broken)
    assert not WorkflowRun.objects.exists()


def test_it_is_tried_against_the_past(mending: Workflow) -> None:
    broken = incident()
    incident(labels={"job": "web"})
    found = try_rule(makers.user("NOC"), of(mending, "OFF"))
    assert {each.incident.pk: each.would_start for each in found.tried}[broken.pk]
    (other,) = [each for each in found.tried if each.incident.pk != broken.pk]
    assert [guard.name for guard in other.held_by] == ["parametersFilled"]
    asked = of(mending, "OFF", parameters={**GIVEN, "times": "{{ labels.path }}"})
    found = try_rule(makers.user("NOC"), asked)
    held = {each.incident.pk: each.held_by for each in found.tried}[broken.pk]
    assert [guard.name for guard in held] == ["parametersValid"]
