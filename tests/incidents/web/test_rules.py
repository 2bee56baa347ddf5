from typing import Any

import pytest
from django.test import Client

from automation.engine.results import Status, Verdict
from automation.models import Execution, Workflow, WorkflowRun
from incidents.models import RemediationRule, RuleBreaker, RuleDecision
from incidents.services.remediation import consider
from servers.models import Environment
from tests.automation import makers
from tests.automation.services.workflow_story import look, note, workflow
from tests.incidents.makers import incident, rule
from tests.support import servers as places
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


SERVER = [{"name": "server", "type": "server", "required": True}]


@pytest.fixture
def admin() -> Client:
    return signed_in(makers.admin())


def form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "mend",
        "rank": "10",
        "sources": "prometheus, manual",
        "severities": ["HIGH", "CRITICAL"],
        "labels": "job = web\nalertname = *Down",
        "runbook": str(makers.entry("SAMPLE_MENDING").pk),
        "parameters": "path = {{ labels.path }}",
        "per_hour": "3",
        "at_once": "2",
        "breaker_after": "3",
        "retry_minutes": "10",
        "resolves": "on",
        **changes,
    }


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_rule_is_written_in_lines(admin: Client) -> None:
    answer = admin.post("/rules/new/", form())
    row = RemediationRule.objects.get()
    assert answer["Location"] == f"/rules/{row.pk}/"
    assert row.sources == ["prometheus", "manual"]
    assert row.labels == {"job": "web", "alertname": "*Down"}
    assert row.parameters == {"path": "{{ labels.path }}"}
    assert (row.mode, row.at_once, row.resolves) == ("OFF", 2, True)
    again = text(admin.get(f"/rules/{row.pk}/edit/"))
    assert "alertname = *Down" in again
    admin.post(f"/rules/{row.pk}/edit/", form(name="other", resolves=""))
    row.refresh_from_db()
    assert (row.name, row.resolves) == ("other", False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": "job web"}, "Line 1 needs a name, = and a value."),
        ({"parameters": "path = {{ cycler }}"}, "There is no cycler."),
        ({"parameters": "nope = 1"}, "nope"),
        ({"runbook": ""}, "Choose a runbook, a template or a workflow, one of them."),
    ],
)
def test_a_mistake_is_shown_at_its_field(admin: Client, changes: dict[str, Any], said: str) -> None:
    answer = admin.post("/rules/new/", form(**changes))
    assert answer.status_code == 422
    assert said in text(answer)
    assert not RemediationRule.objects.exists()


def test_a_rule_is_drafted_from_an_incident_and_what_fixed_it(admin: Client) -> None:
    group = places.group("shop")
    server = makers.server(name="web-9", environment=Environment.STAGING)
    group.servers.add(server)
    labels = {"path": "/tmp/x", "job": "web", "instance": "web-9.example:9100"}
    broken = incident(server=server, labels=labels)
    makers.execution(
        server=server, incident_id=broken.pk, status=Status.SUCCESS, verdict=Verdict.FIXED
    )
    assert f"/rules/new/?incident={broken.pk}" in text(admin.get(f"/incidents/{broken.pk}/"))
    page = admin.get(f"/rules/new/?incident={broken.pk}")
    drafted = page.context["form"].initial
    assert drafted["sources"] == "prometheus"
    assert drafted["labels"] == "job = web\npath = *"
    assert drafted["parameters"] == "path = {{ labels.path }}"
    assert (drafted["runbook"], drafted["server_group"]) == (makers.entry(), group)
    assert "{{ labels.path }}" in text(page)


def test_it_is_tried_and_switched_on_its_page(admin: Client) -> None:
    broken, row = incident(title="It is <b>down</b>"), rule("OFF")
    page = text(admin.get(f"/rules/{row.pk}/?days=30"))
    assert "Would have started" in page
    assert "It is &lt;b&gt;down&lt;/b&gt;" in page
    admin.post(f"/rules/{row.pk}/mode/", {"mode": "AUTOMATIC"})
    consider(broken)
    page = text(admin.get(f"/rules/{row.pk}/"))
    assert "Nothing yet" not in page
    assert "Mend a file" in page


def test_switching_it_on_in_production_has_to_be_ticked(admin: Client) -> None:
    makers.server(name="prod-1", environment=Environment.PRODUCTION)
    row = rule("OFF")
    assert "prod-1" in text(admin.get(f"/rules/{row.pk}/"))
    answer = admin.post(f"/rules/{row.pk}/mode/", {"mode": "AUTOMATIC"}, follow=True)
    assert "It may act in production: on prod-1." in text(answer)
    row.refresh_from_db()
    assert row.mode == "OFF"
    admin.post(f"/rules/{row.pk}/mode/", {"mode": "AUTOMATIC", "confirm": "on"})
    row.refresh_from_db()
    assert (row.mode, row.is_confirmed) == ("AUTOMATIC", True)


def test_the_incident_says_why_and_starts_a_suggestion_with_one_click() -> None:
    broken = incident()
    row = rule("SUGGEST", name="suggests it")
    rule(name="is for databases", labels={"job": "db"}, rank=1)
    consider(broken)
    noc = signed_in(makers.user("NOC", operates=broken.server))
    page = text(noc.get(f"/incidents/{broken.pk}/"))
    assert "It fits, and suggests it." in page
    assert "The label job is “web”; the rule wants “db”." in page
    start = f"/incidents/{broken.pk}/rules/{row.pk}/start/"
    assert start in page
    answer = noc.post(start)
    run = Execution.objects.get()
    assert answer["Location"] == f"/executions/{run.pk}/"
    assert (run.triggered_by, run.incident_id) == ("MANUAL", broken.pk)
    assert RuleDecision.objects.get().execution == run


def test_in_production_a_suggestion_leads_to_the_page_that_asks_for_the_name() -> None:
    server = makers.server(environment=Environment.PRODUCTION)
    broken, row = incident(server=server), rule("SUGGEST")
    noc = signed_in(makers.user("NOC", operates=server))
    page = text(noc.get(f"/incidents/{broken.pk}/"))
    start = f"/incidents/{broken.pk}/rules/{row.pk}/start/"
    assert start not in page
    assert "/runbooks/SAMPLE_MENDING/?path=%2Ftmp%2Fx" in page
    assert "where you confirm the server by its name" in text(noc.post(start, follow=True))
    assert not Execution.objects.exists()


MENDING = {"look": look(), "say": note()}


def test_a_rule_may_start_a_workflow(admin: Client) -> None:
    made = workflow(MENDING, "look say", name="Look first", inputs=SERVER)
    sent = form(runbook="", workflow=str(made.pk), parameters="server = {{ server.name }}")
    answer = admin.post("/rules/new/", sent)
    row = RemediationRule.objects.get()
    assert answer["Location"] == f"/rules/{row.pk}/"
    assert (row.runbook, row.workflow) == (None, made)
    page = text(admin.get(f"/rules/{row.pk}/"))
    assert "starts the workflow Look first" in page
    assert f"/workflows/{made.pk}/" in page
    assert "Look first" in text(admin.get("/rules/", {"search": "first"}))
    assert f'<option value="{made.pk}" selected>' in text(admin.get(f"/rules/{row.pk}/edit/"))
    both = admin.post(f"/rules/{row.pk}/edit/", form(workflow=str(made.pk)))
    assert "one of them" in text(both)


def test_a_suggested_workflow_is_started_with_one_click() -> None:
    made = workflow(MENDING, "look say", name="Look first", inputs=SERVER)
    broken = incident()
    row = rule("SUGGEST", workflow=made, parameters={"server": "{{ server.name }}"})
    consider(broken)
    noc = signed_in(makers.user("NOC", operates=broken.server))
    page = text(noc.get(f"/incidents/{broken.pk}/"))
    assert f"The workflow Look first for {broken.server.name}" in page
    answer = noc.post(f"/incidents/{broken.pk}/rules/{row.pk}/start/")
    run = WorkflowRun.objects.get()
    assert answer["Location"] == f"/workflow-runs/{run.pk}/"
    assert RuleDecision.objects.get().workflow_run == run
    link = f'<a href="/workflow-runs/{run.pk}/">'
    assert f"{link}The workflow Look first was started.</a>" in text(
        noc.get(f"/incidents/{broken.pk}/")
    )
    assert f"{link}Look first</a>" in text(noc.get(f"/rules/{row.pk}/"))


def test_what_a_rule_uses_is_not_deleted(admin: Client) -> None:
    made = workflow(MENDING, "look say", inputs=SERVER)
    rule("OFF", workflow=made, parameters={"server": "web-1"}, name="needs it")
    assert "needs it" in text(admin.post(f"/workflows/{made.pk}/delete/", follow=True))
    assert Workflow.objects.filter(pk=made.pk).exists()


def test_a_stopped_rule_needs_somebody_and_is_re_armed_on_the_incident() -> None:
    broken, row = incident(), rule(name="mend")
    RuleBreaker.objects.create(rule=row, server=broken.server, message="It did not help.")
    noc = signed_in(makers.user("NOC"))
    assert "Rule stopped: mend" in text(noc.get("/"))
    assert f"/rules/{row.pk}/rearm/" in text(noc.get(f"/incidents/{broken.pk}/"))
    sent = {"server": str(broken.server.pk), "reason": "Mended."}
    assert noc.post(f"/rules/{row.pk}/rearm/", sent).status_code == 302
    assert "Rule stopped" not in text(noc.get("/"))
    assert "Mended." in text(noc.get(f"/rules/{row.pk}/"))


def test_the_list_counts_what_rules_did(admin: Client) -> None:
    row = rule(name="mend")
    RuleDecision.objects.create(
        rule=row, incident=incident(), outcome="STARTED", message="", did_fix=True
    )
    page = text(admin.get("/rules/"))
    assert "mend" in page
    assert "1 incident<" in page
    assert "1 of 1" in page
    assert "No rule fits" in text(admin.get("/rules/?search=nothing"))


def test_a_rule_is_deleted(admin: Client) -> None:
    row = rule()
    assert admin.post(f"/rules/{row.pk}/delete/")["Location"] == "/rules/"
    assert not RemediationRule.objects.exists()
