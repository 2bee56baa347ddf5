from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Execution
from incidents.models import Incident, RemediationRule, RuleDecision
from incidents.services import tryout
from incidents.services.tryout import TryOut, try_rule
from tests.automation import makers
from tests.incidents.makers import incident, rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def past(hours: float, **fields: Any) -> Incident:
    """Make an incident that was opened so many hours ago."""
    made = incident(**fields)
    at = timezone.now() - timedelta(hours=hours)
    more = {"status": "RESOLVED", "opened_at": at}
    Incident.objects.filter(pk=made.pk).update(**more)
    made.refresh_from_db()
    return made


def tried(row: RemediationRule, **options: Any) -> TryOut:
    return try_rule(makers.user("NOC"), row, **options)


def held(found: TryOut) -> list[list[str]]:
    return [[guard.name for guard in each.held_by] for each in found.tried]


def test_it_says_what_it_would_have_run_where_and_what_was_really_run() -> None:
    broken = past(30)
    run = makers.execution(
        server=broken.server, incident_id=broken.pk, status=Status.SUCCESS, verdict=Verdict.FIXED
    )
    past(20, labels={"job": "db"})
    past(24 * 40)
    found = tried(rule("OFF"))
    (one,) = found.tried
    assert (one.incident, one.server, one.parameters) == (broken, broken.server, {"path": "/tmp/x"})
    assert (one.would_start, one.was_fixed, list(one.runs)) == (True, True, [run])
    assert (found.looked_at, found.would_start, found.held, found.is_cut) == (2, 1, 0, False)


def test_a_rule_that_is_not_saved_can_be_tried_and_nothing_is_stored() -> None:
    past(1)
    unsaved = RemediationRule(
        name="new", runbook=makers.entry(), parameters={"path": "{{ labels.path }}"}
    )
    assert tried(unsaved).would_start == 1
    assert not RemediationRule.objects.exists()
    assert not RuleDecision.objects.exists()
    assert not Execution.objects.exists()


def test_the_guards_that_the_past_can_tell_of_would_have_held_it_back() -> None:
    past(9, server=None)
    past(8, labels={"job": "web"})
    past(7, labels={"job": "web", "path": "two\nlines"})
    for number, mark in ((6, "in_maintenance"), (5, "is_flapping")):
        Incident.objects.filter(pk=past(number).pk).update(**{mark: True})
    assert held(tried(rule())) == [
        ["notFlapping"],
        ["notInMaintenance"],
        ["parametersValid"],
        ["parametersFilled"],
        ["serverFound"],
    ]


def test_limits_in_time_are_replayed_oldest_first() -> None:
    server = makers.server()
    for hours in (5, 4.9, 4.8, 3):
        past(hours, server=server)
    makers.entry(cooldown_minutes=0)
    assert held(tried(rule(per_hour=2))) == [[], ["perHour"], [], []]


def test_the_cooldown_is_replayed_on_each_server_by_itself() -> None:
    server = makers.server()
    past(5, server=server)
    past(4.95, server=server)
    past(4.94)
    makers.entry(cooldown_minutes=10)
    assert held(tried(rule(per_hour=9))) == [[], ["rateLimitOk"], []]


def test_no_more_than_so_many_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryout, "MOST", 2)
    for hours in (1, 2, 3):
        past(hours)
    found = tried(rule())
    assert (found.looked_at, found.is_cut) == (2, True)


def test_one_who_may_see_no_incident_learns_nothing() -> None:
    past(1)
    assert try_rule(makers.user("HELPDESK"), rule()).looked_at == 0
