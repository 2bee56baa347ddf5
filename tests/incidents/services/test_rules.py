from typing import Any

import pytest

from incidents.models import RemediationRule
from incidents.services import reasons, rules
from opsmanager.common.problems import (
    ConfirmationNeeded,
    Conflict,
    Invalid,
    NotPermitted,
    Problem,
)
from servers.models import Environment
from tests.automation import makers
from tests.incidents.makers import incident, rule
from tests.support import servers as places
from tests.support.api_tokens import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def fields(**changes: Any) -> dict[str, Any]:
    return {
        "name": "mend",
        "runbook": makers.entry("SAMPLE_MENDING"),
        "parameters": {"path": "{{ labels.path }}"},
        **changes,
    }


def test_a_new_rule_is_off_and_belongs_to_who_saved_it() -> None:
    admin = makers.admin()
    made_ = rules.save(actor=admin, **fields(sources=["prometheus"]))
    made_.refresh_from_db()
    assert (made_.mode, made_.owner, made_.sources) == ("OFF", admin, ["prometheus"])
    assert makers.last_event("INCIDENT_RULE_CREATED").details["changed"]["name"] == "mend"


def test_a_change_is_told_and_makes_it_the_rule_of_who_changed_it() -> None:
    row, admin = rule(), makers.admin()
    rules.save(actor=admin, rule=row, name="new", is_confirmed=True)
    row.refresh_from_db()
    assert (row.name, row.owner, row.mode) == ("new", admin, "AUTOMATIC")
    assert makers.last_event("INCIDENT_RULE_UPDATED").details["changed"] == {"name": "new"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"runbook": None}, "runbookId"),
        ({"severities": ["AWFUL"]}, "severities"),
        ({"labels": {"job": 1}}, "labels"),
        ({"parameters": {"nope": "x"}}, "parameters"),
        ({"parameters": {}}, "parameters"),
        ({"parameters": {"path": "{{ labels.path"}}, "parameters"),
        ({"parameters": {"path": "{{ cycler }}"}}, "parameters"),
        ({"parameters": {"path": "two\nlines"}}, "parameters"),
        ({"server_template": "{% if x %}"}, "serverTemplate"),
        ({"per_hour": 0}, "perHour"),
        ({"group_percent": 101}, "groupPercent"),
        ({"breaker_after": 0}, "breakerAfter"),
        ({"retry_minutes": 1441}, "retryMinutes"),
    ],
)
def test_each_mistake_is_said_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.save(actor=makers.admin(), **fields(**changes))
    assert list(refused.value.details) == [field]
    assert not RemediationRule.objects.exists()


def test_a_secret_parameter_is_kept_out_of_rules() -> None:
    secretive = {"runbook": makers.entry("SAMPLE_SECRETIVE")}
    given = {"password": "hunter22", "path": "/x"}
    with pytest.raises(Invalid, match="template"):
        rules.save(actor=makers.admin(), **fields(**secretive, parameters=given))


def test_two_rules_have_two_names() -> None:
    rule(name="mend")
    with pytest.raises(Conflict):
        rules.save(actor=makers.admin(), **fields())


@pytest.mark.parametrize("role", ["MANAGER", "NOC", "HELPDESK"])
def test_only_administrators_change_rules(role: str) -> None:
    row, user = rule(), makers.user(role)
    for change in (
        lambda: rules.save(actor=user, **fields()),
        lambda: rules.set_mode(actor=user, rule=row, mode="OFF"),
        lambda: rules.delete(actor=user, rule=row),
    ):
        with pytest.raises(NotPermitted):
            change()


def test_a_token_that_may_not_run_anything_makes_no_rule_that_does() -> None:
    admin = makers.admin()
    admin.token = made(admin, permissions=["incidents.change_remediationrule"])[0]
    with pytest.raises(NotPermitted):
        rules.save(actor=admin, **fields())


def test_switching_to_automatic_in_production_has_to_be_meant() -> None:
    server = makers.server(name="prod-1", environment=Environment.PRODUCTION)
    group = places.group()
    row, admin = rule("OFF", server_group=group), makers.admin()
    rules.set_mode(actor=admin, rule=row, mode="AUTOMATIC")
    group.servers.add(server)
    with pytest.raises(ConfirmationNeeded, match="prod-1"):
        rules.set_mode(actor=admin, rule=row, mode="AUTOMATIC")
    with pytest.raises(ConfirmationNeeded):
        rules.save(actor=admin, rule=row, name="another")
    rules.set_mode(actor=admin, rule=row, mode="SUGGEST")
    switched = rules.set_mode(actor=admin, rule=row, mode="AUTOMATIC", is_confirmed=True)
    assert (switched.is_confirmed, switched.owner) == (True, admin)
    event = makers.last_event("INCIDENT_RULE_MODE_CHANGED").details
    assert (event["before"], event["mode"]) == ("SUGGEST", "AUTOMATIC")


def test_a_dangerous_runbook_has_to_be_meant_too() -> None:
    row = rule("OFF", runbook=makers.entry("SAMPLE_MENDING", dangerous=True))
    with pytest.raises(ConfirmationNeeded, match="dangerous"):
        rules.set_mode(actor=makers.admin(), rule=row, mode="AUTOMATIC")
    with pytest.raises(Problem, match="Use one of"):
        rules.set_mode(actor=makers.admin(), rule=row, mode="ON")


def test_a_rule_that_is_switched_on_is_asked_about_what_is_open() -> None:
    broken = incident()
    row = rule("OFF")
    rules.set_mode(actor=makers.admin(), rule=row, mode="SHADOW")
    broken.refresh_from_db()
    assert broken.look_again_at is not None


def test_a_deleted_rule_is_told_of() -> None:
    rules.delete(actor=makers.admin(), rule=rule(name="mend"))
    assert makers.last_event("INCIDENT_RULE_DELETED").target_name == "mend"
    assert not RemediationRule.objects.exists()


def test_why_says_of_each_rule_what_holds_and_what_does_not() -> None:
    fitting, other = rule(rank=9), rule(rank=1, labels={"job": "db"}, title="*down")
    off = rule("OFF", rank=10)
    broken = incident()
    broken.server.in_maintenance = True
    broken.server.save()
    found = reasons.why(makers.user("NOC"), broken)
    assert [reason.rule for reason in found] == [fitting, off, other]
    assert "maintenance" in found[0].message
    assert [condition.name for condition in found[0].failing] == ["notInMaintenance"]
    assert "switched off" in found[1].message
    assert {c.name: c.holds for c in found[2].conditions} == {"label job": False, "title": True}
    assert reasons.why(makers.user("HELPDESK"), broken) == []
