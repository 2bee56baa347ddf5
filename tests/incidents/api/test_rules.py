from typing import Any

import pytest
from django.test import Client

from automation.models import WorkflowRun
from incidents.models import RemediationRule, RuleBreaker
from incidents.services.remediation import consider
from servers.models import Environment
from tests.automation import makers
from tests.automation.services.workflow_story import look, workflow
from tests.incidents.makers import incident, rule
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

RULES = "/api/v1/automation/remediation-rules"
NEW = {
    "name": "mend",
    "labels": {"job": "web"},
    "runbookId": "SAMPLE_MENDING",
    "parameters": {"path": "{{ labels.path }}"},
}


@pytest.fixture
def admin() -> Client:
    return signed_in(makers.admin())


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"{RULES}{path}", body, "application/json")


def test_a_rule_is_made_off_changed_switched_and_deleted(admin: Client) -> None:
    made = post(admin, "", **NEW)
    assert made.status_code == 201
    row = made.json()["rule"]
    assert (row["mode"], row["runbookId"], row["perHour"]) == ("OFF", "SAMPLE_MENDING", 6)
    at = f"/{row['id']}"
    changed = admin.patch(f"{RULES}{at}", {"perHour": 2}, "application/json").json()["rule"]
    assert (changed["perHour"], changed["name"]) == (2, "mend")
    switched = post(admin, f"{at}/mode", mode="AUTOMATIC").json()["rule"]
    assert switched["mode"] == "AUTOMATIC"
    assert admin.get(RULES, {"mode": "AUTOMATIC"}).json()["total"] == 1
    assert admin.get(RULES, {"mode": "OFF"}).json()["total"] == 0
    assert admin.delete(f"{RULES}{at}").status_code == 204
    assert admin.get(f"{RULES}{at}").status_code == 404


def test_a_rule_may_start_a_workflow(admin: Client) -> None:
    server = [{"name": "server", "type": "server", "required": True}]
    made = workflow({"look": look()}, inputs=server)
    new = {
        "name": "look",
        "workflowId": str(made.pk),
        "parameters": {"server": "{{ server.name }}"},
    }
    answer = post(admin, "", **new)
    assert answer.status_code == 201
    row = answer.json()["rule"]
    assert (row["workflowId"], row["runbookId"], row["templateId"]) == (str(made.pk), None, None)
    post(admin, f"/{row['id']}/mode", mode="AUTOMATIC")
    broken = incident()
    consider(broken)
    run = WorkflowRun.objects.get()
    decision = admin.get(f"{RULES}/{row['id']}/decisions").json()["decisions"][0]
    assert (decision["workflowRunId"], decision["executionId"]) == (str(run.pk), None)
    timeline = admin.get(f"/api/v1/incidents/{broken.pk}/timeline").json()["timeline"]
    assert str(run.pk) in {entry["workflowRunId"] for entry in timeline}
    assert post(admin, "", **{**new, "workflowId": str(run.pk)}).status_code == 400


def test_mistakes_are_said_at_their_fields(admin: Client) -> None:
    refused = post(admin, "", **{**NEW, "parameters": {"path": "{{ cycler }}"}})
    assert refused.status_code == 400
    assert list(refused.json()["details"]) == ["parameters"]
    assert post(admin, "", **{**NEW, "runbookId": "NOPE"}).status_code == 404
    rule(name="mend")
    assert post(admin, "", **NEW).status_code == 409


def test_automatic_in_production_wants_a_confirmation(admin: Client) -> None:
    makers.server(environment=Environment.PRODUCTION)
    at = f"/{rule('OFF').pk}/mode"
    refused = post(admin, at, mode="AUTOMATIC")
    assert (refused.status_code, refused.json()["code"]) == (400, "CONFIRMATION_REQUIRED")
    assert post(admin, at, mode="AUTOMATIC", confirm=True).json()["rule"]["isConfirmed"] is True


def test_a_rule_is_tried_before_and_after_it_is_saved(admin: Client) -> None:
    broken = incident()
    found = post(admin, "/try", **NEW, days=7).json()["tryOut"]
    assert (found["lookedAt"], found["wouldStart"], found["held"]) == (1, 1, 0)
    (one,) = found["incidents"]
    assert one["incidentId"] == str(broken.pk)
    assert one["serverName"] == broken.server.name
    assert one["parameters"] == {"path": "/tmp/x"}
    assert not RemediationRule.objects.exists()
    saved = rule("OFF", labels={"job": "db"})
    assert post(admin, f"/{saved.pk}/try").json()["tryOut"]["incidents"] == []


def test_decisions_and_breakers_are_listed_and_a_rule_is_re_armed() -> None:
    noc = signed_in(makers.user("NOC"))
    asked, broken = rule(), incident()
    RuleBreaker.objects.create(rule=asked, server=broken.server, message="It did not help.")
    consider(broken)
    (decision,) = noc.get(f"{RULES}/{asked.pk}/decisions").json()["decisions"]
    assert (decision["outcome"], decision["incidentId"]) == ("HELD", str(broken.pk))
    assert {"name": "breakerClosed", "holds": False} in [
        {"name": each["name"], "holds": each["holds"]} for each in decision["conditions"]
    ]
    assert noc.get(f"{RULES}/breakers", {"isOpen": "true"}).json()["total"] == 1
    body = {"serverId": str(broken.server.pk), "reason": "Mended."}
    answer = noc.post(f"{RULES}/{asked.pk}/rearm", body, "application/json")
    assert answer.json()["breaker"]["rearmReason"] == "Mended."
    assert noc.get(f"{RULES}/breakers", {"isOpen": "true"}).json()["total"] == 0


def test_why_lists_each_rule_with_each_condition() -> None:
    noc = signed_in(makers.user("NOC"))
    rule(name="fits")
    rule(name="other", labels={"job": "db"}, rank=1)
    broken = incident()
    consider(broken)
    found = noc.get(f"/api/v1/incidents/{broken.pk}/why").json()["reasons"]
    assert [(each["ruleName"], each["fits"]) for each in found] == [
        ("fits", True),
        ("other", False),
    ]
    assert found[0]["lastDecision"]["outcome"] == "STARTED"
    assert found[1]["lastDecision"] is None
    assert found[1]["conditions"][0]["name"] == "label job"
