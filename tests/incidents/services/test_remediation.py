from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Execution, Trigger
from incidents.models import Incident, IncidentStatus, RemediationRule, RuleBreaker, RuleDecision
from incidents.services.remediation import consider, look_again
from opsmanager.audit.models import AuditEvent
from opsmanager.notifications.models import Channel, Delivery
from servers.models import Environment
from tests.automation import makers
from tests.incidents.makers import incident, rule
from tests.support import servers as places

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def only(found: list[RuleDecision]) -> RuleDecision:
    (row,) = found
    row.refresh_from_db()
    return row


def failed(row: RuleDecision) -> list[str]:
    return [condition["name"] for condition in row.conditions if not condition["holds"]]


def ended(row: RuleDecision, **fields: Any) -> None:
    """Have what it started end some time ago."""
    Execution.objects.filter(pk=row.execution_id).update(
        status=Status.SUCCESS, waiting_since=None, queued_at=timezone.now() - timedelta(hours=1)
    )
    values = {"ended_at": timezone.now() - timedelta(minutes=30), "did_fix": False, **fields}
    RuleDecision.objects.filter(pk=row.pk).update(**values)


def test_an_automatic_rule_starts_its_runbook_for_its_owner() -> None:
    asked, broken = rule(name="mend"), incident()
    row = only(consider(broken))
    run = row.execution
    assert row.outcome == "STARTED"
    assert row.parameters == {"path": "/tmp/x"}
    assert run is not None
    assert (run.server, run.incident_id) == (broken.server, broken.pk)
    assert run.triggered_by == Trigger.INCIDENT
    assert (run.trigger_name, run.triggered_by_user) == ("mend", None)
    assert run.on_behalf_of == asked.owner
    assert "RULE" in broken.timeline.values_list("kind", flat=True)
    event = AuditEvent.objects.filter(verb="AUTOMATION_EXECUTION_STARTED").order_by("-seq")[0]
    assert (event.actor_type, event.actor_name) == ("RULE", "mend")


def test_rules_are_asked_in_order_and_the_first_that_starts_ends_it() -> None:
    rule(name="last", rank=3)
    rule(name="other", rank=1, labels={"job": "db"})
    first = rule(name="first", rank=2)
    assert [row.rule for row in consider(incident())] == [first]


def test_a_rule_that_is_off_or_does_not_fit_is_not_asked() -> None:
    rule("OFF")
    rule(severities=["LOW"])
    assert consider(incident()) == []
    assert not Execution.objects.exists()


def test_a_resolved_incident_is_left_alone() -> None:
    rule()
    assert consider(incident(status=IncidentStatus.RESOLVED)) == []


def test_shadow_records_what_it_would_do_once_and_starts_nothing() -> None:
    rule("SHADOW")
    broken = incident()
    assert only(consider(broken)).outcome == "SHADOW"
    assert consider(broken) == []
    assert RuleDecision.objects.count() == 1
    assert not Execution.objects.exists()


def test_shadow_says_what_would_have_held_it_back() -> None:
    rule("SHADOW", runbook=makers.entry("SAMPLE_MENDING", dangerous=True))
    row = only(consider(incident()))
    assert (row.outcome, failed(row)) == ("HELD", ["confirmed"])


def test_a_suggestion_is_recorded_once_whatever_the_guards_for_starting_say() -> None:
    rule("SUGGEST", runbook=makers.entry("SAMPLE_MENDING", dangerous=True))
    broken = incident()
    assert only(consider(broken)).outcome == "SUGGESTED"
    consider(broken)
    assert RuleDecision.objects.count() == 1
    assert not Execution.objects.exists()


def test_a_suggestion_does_not_keep_the_next_rule_from_acting() -> None:
    rule("SUGGEST", rank=1)
    rule(rank=2)
    assert [row.outcome for row in consider(incident())] == ["SUGGESTED", "STARTED"]


def _no_server(_rule: RemediationRule, broken: Incident) -> None:
    Incident.objects.filter(pk=broken.pk).update(server=None)


def _maintenance(_rule: RemediationRule, broken: Incident) -> None:
    broken.server.in_maintenance = True
    broken.server.save()


def _flapping(_rule: RemediationRule, broken: Incident) -> None:
    Incident.objects.filter(pk=broken.pk).update(is_flapping=True)


def _stopped(asked: RemediationRule, broken: Incident) -> None:
    RuleBreaker.objects.create(rule=asked, server=broken.server, message="It did not help.")


def _production(_rule: RemediationRule, broken: Incident) -> None:
    broken.server.environment = Environment.PRODUCTION
    broken.server.save()


def _owner_may_not(asked: RemediationRule, _broken: Incident) -> None:
    asked.owner = makers.user("NOC")
    asked.save()


def _owner_gone(asked: RemediationRule, _broken: Incident) -> None:
    asked.owner = None
    asked.save()


def _label_gone(_rule: RemediationRule, broken: Incident) -> None:
    Incident.objects.filter(pk=broken.pk).update(labels={"job": "web"})


def _invalid(_rule: RemediationRule, broken: Incident) -> None:
    Incident.objects.filter(pk=broken.pk).update(labels={"job": "web", "path": "two\nlines"})


def _cooling(_rule: RemediationRule, broken: Incident) -> None:
    makers.execution(server=broken.server, status=Status.SUCCESS, age_minutes=1)


def _hour_is_full(asked: RemediationRule, broken: Incident) -> None:
    for _ in range(asked.per_hour):
        RuleDecision.objects.create(rule=asked, incident=incident(), outcome="STARTED", message="")


def _runs_elsewhere(asked: RemediationRule, _broken: Incident) -> None:
    other = makers.execution(server=makers.server())
    RuleDecision.objects.create(
        rule=asked, incident=incident(), outcome="STARTED", message="", execution=other
    )


@pytest.mark.parametrize(
    ("arrange", "name", "is_looked_at_again"),
    [
        (_no_server, "serverFound", False),
        (_maintenance, "notInMaintenance", True),
        (_flapping, "notFlapping", False),
        (_stopped, "breakerClosed", False),
        (_production, "confirmed", False),
        (_owner_may_not, "permissions", False),
        (_owner_gone, "permissions", False),
        (_label_gone, "parametersFilled", False),
        (_invalid, "parametersValid", False),
        (_cooling, "rateLimitOk", True),
        (_hour_is_full, "perHour", True),
        (_runs_elsewhere, "atOnce", True),
    ],
)
def test_each_guard_holds_it_back_and_says_why(
    arrange: Any, name: str, is_looked_at_again: bool
) -> None:
    asked, broken = rule(), incident()
    arrange(asked, broken)
    before = Execution.objects.count()
    row = only(consider(broken))
    assert (row.outcome, failed(row)) == ("HELD", [name])
    assert row.message
    assert Execution.objects.count() == before
    broken.refresh_from_db()
    assert (broken.look_again_at is not None) is is_looked_at_again
    # Asked again, nothing new is written.
    lines = broken.timeline.count()
    assert only(consider(broken)).pk == row.pk
    assert (RuleDecision.objects.filter(incident=broken).count(), lines) == (
        1,
        broken.timeline.count(),
    )


def test_what_runs_for_the_incident_is_waited_for() -> None:
    rule()
    broken = incident()
    makers.execution(server=makers.server(), incident_id=broken.pk)
    assert consider(broken) == []
    broken.refresh_from_db()
    assert broken.look_again_at > timezone.now()


def test_a_run_that_did_not_fix_is_followed_by_another_after_its_time() -> None:
    rule(retry_minutes=60)
    broken = incident()
    ended(only(consider(broken)))
    assert consider(broken) == []
    broken.refresh_from_db()
    left = broken.look_again_at - timezone.now()
    assert timedelta(minutes=29) < left < timedelta(minutes=31)
    RuleDecision.objects.update(ended_at=timezone.now() - timedelta(hours=2))
    assert only(consider(broken)).outcome == "STARTED"


@pytest.mark.parametrize(("retry", "did_fix"), [(0, False), (10, True)])
def test_one_that_did_its_part_waits_for_the_alert_to_come_again(retry: int, did_fix: bool) -> None:
    rule(retry_minutes=retry)
    broken = incident()
    ended(only(consider(broken)), did_fix=did_fix)
    assert consider(broken) == []
    broken.refresh_from_db()
    assert broken.look_again_at is None
    Incident.objects.filter(pk=broken.pk).update(last_seen_at=timezone.now())
    assert only(consider(broken)).outcome == "STARTED"


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        ({"group_limit": 1}, "HELD"),
        ({"group_limit": 2}, "STARTED"),
        ({"group_percent": 50}, "HELD"),
        ({"group_percent": 100}, "STARTED"),
        ({"group_percent": 1}, "HELD"),
    ],
)
def test_only_a_part_of_a_group_is_worked_on_at_once(limits: dict[str, int], outcome: str) -> None:
    group = places.group()
    one, other = makers.server(), makers.server()
    group.servers.set([one, other])
    asked = rule(at_once=9, **limits)
    RuleDecision.objects.create(
        rule=asked,
        incident=incident(),
        outcome="STARTED",
        message="",
        execution=makers.execution(server=other),
    )
    row = only(consider(incident(server=one)))
    assert row.outcome == outcome
    assert failed(row) == ([] if outcome == "STARTED" else ["groupLimit"])


def test_a_rule_may_act_while_it_flaps() -> None:
    rule(acts_while_flapping=True)
    broken = incident()
    _flapping(RemediationRule(), broken)
    assert only(consider(broken)).outcome == "STARTED"


def test_a_confirmed_rule_acts_in_production() -> None:
    rule(is_confirmed=True)
    broken = incident(server=makers.server(environment=Environment.PRODUCTION))
    assert only(consider(broken)).outcome == "STARTED"


def test_the_server_may_be_named_by_a_label() -> None:
    backup = makers.server(name="backup-7", aliases=["b7.example"])
    rule(server_template="{{ labels.at }}")
    for name in ("backup-7", "B7.example"):
        Execution.objects.all().delete()
        broken = incident(labels={"job": "web", "path": "/x", "at": name}, server=None)
        assert only(consider(broken)).server == backup
        RuleDecision.objects.all().delete()
    lost = incident(labels={"job": "web", "path": "/x", "at": "nowhere"})
    assert "nowhere" in only(consider(lost)).message


def test_what_is_due_is_looked_at_again_and_what_is_resolved_is_not() -> None:
    rule()
    due, later, over = incident(), incident(), incident(status=IncidentStatus.RESOLVED)
    now = timezone.now()
    Incident.objects.filter(pk__in=[due.pk, over.pk]).update(look_again_at=now)
    Incident.objects.filter(pk=later.pk).update(look_again_at=now + timedelta(minutes=1))
    assert look_again() == 1
    assert only(list(RuleDecision.objects.all())).incident == due
    due.refresh_from_db()
    assert due.look_again_at is None


def test_one_rule_that_fails_keeps_no_other_from_acting(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = makers.entry("SAMPLE_LOOKING")
    rule(rank=1, runbook=gone, parameters={})
    gone.runbook_id = "GONE"
    gone.save()
    good = rule(rank=2)
    assert [row.rule for row in consider(incident())] == [good]


def test_the_channels_hear_of_a_start_and_once_that_a_rule_is_held_back() -> None:
    Channel.objects.create(name="ops", sealed_url="x", shown_url="x")
    asked, broken = rule(), incident()
    _cooling(asked, broken)
    consider(broken)
    assert not Delivery.objects.exists()
    _stopped(asked, broken)
    consider(broken)
    assert Delivery.objects.get().event == "REMEDIATION_HELD"
    _flapping(asked, broken)
    consider(broken)
    assert Delivery.objects.count() == 1
    consider(incident())
    assert Delivery.objects.filter(event="REMEDIATION_STARTED").count() == 1
