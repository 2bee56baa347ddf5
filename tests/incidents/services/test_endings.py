from typing import Any

import pytest
from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Execution
from automation.signals import execution_finished
from incidents.models import Incident, RuleBreaker, RuleDecision
from incidents.services import breakers
from incidents.services.remediation import consider
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Invalid, InvalidState, NotPermitted
from opsmanager.notifications.models import Channel, Delivery
from tests.automation import makers
from tests.incidents.makers import incident, rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def end(row: RuleDecision, status: Status = Status.SUCCESS, verdict: str = "", **more: Any) -> None:
    """End what the decision started, as the runner does."""
    Execution.objects.filter(pk=row.execution_id).update(
        status=status, verdict=verdict, waiting_since=None, finished_at=timezone.now(), **more
    )
    execution = Execution.objects.select_related("runbook", "server").get(pk=row.execution_id)
    execution_finished.send(sender=Execution, execution=execution)
    row.refresh_from_db()


def started(broken: Incident) -> RuleDecision:
    (row,) = consider(broken)
    assert row.outcome == "STARTED"
    return row


@pytest.mark.parametrize(
    ("status", "verdict", "assessed", "did_fix"),
    [
        (Status.SUCCESS, Verdict.FIXED, True, True),
        (Status.SUCCESS, Verdict.NOT_FIXED, True, False),
        (Status.SUCCESS, Verdict.MADE_WORSE, True, False),
        (Status.SUCCESS, Verdict.NOTHING_TO_FIX, True, False),
        (Status.SUCCESS, "", False, True),
        (Status.SUCCESS, "", True, False),
        (Status.FAILED, "", False, False),
        (Status.TIMEOUT, "", False, False),
        (Status.UNKNOWN, "", False, False),
        (Status.CANCELLED, "", False, None),
    ],
)
def test_the_verdict_says_whether_it_fixed(
    status: Status, verdict: str, assessed: bool, did_fix: bool | None
) -> None:
    rule()
    broken = incident()
    row = started(broken)
    end(row, status, verdict, assessment_before={"healthy": False} if assessed else None)
    assert row.did_fix is did_fix
    assert row.ended_at is not None
    broken.refresh_from_db()
    assert broken.is_open is not (did_fix is True)
    assert (broken.look_again_at is not None) is broken.is_open


def test_what_is_fixed_is_resolved_by_the_rule_and_told() -> None:
    Channel.objects.create(name="ops", sealed_url="x", shown_url="x")
    rule(name="mend")
    broken = incident()
    end(started(broken), verdict=Verdict.FIXED)
    event = AuditEvent.objects.filter(verb="INCIDENT_RESOLVED").order_by("-seq")[0]
    assert (event.actor_type, event.actor_name) == ("RULE", "mend")
    assert broken.timeline.filter(kind="RESOLVED", text="The rule mend fixed it.").exists()
    assert Delivery.objects.filter(event="INCIDENT_RESOLVED").count() == 1


def test_a_rule_may_leave_it_to_people_to_resolve() -> None:
    rule(resolves=False)
    broken = incident()
    end(started(broken), verdict=Verdict.FIXED)
    broken.refresh_from_db()
    assert broken.is_open
    assert "left to you" in broken.timeline.filter(kind="RULE").last().text


def test_what_was_unknown_and_is_found_to_have_fixed_is_corrected() -> None:
    rule()
    broken = incident()
    row = started(broken)
    end(row, Status.UNKNOWN)
    first_end = row.ended_at
    end(row, Status.SUCCESS, Verdict.FIXED)
    assert (row.did_fix, row.ended_at) == (True, first_end)
    broken.refresh_from_db()
    assert not broken.is_open


def test_an_end_that_is_told_twice_is_one() -> None:
    rule()
    broken = incident()
    row = started(broken)
    end(row, Status.FAILED)
    lines = broken.timeline.filter(kind="RULE").count()
    end(row, Status.FAILED)
    assert broken.timeline.filter(kind="RULE").count() == lines


def test_what_a_person_ran_is_none_of_the_rules_ends() -> None:
    broken = incident()
    run = makers.execution(server=broken.server, incident_id=broken.pk, status=Status.SUCCESS)
    execution_finished.send(sender=Execution, execution=run)
    broken.refresh_from_db()
    assert broken.is_open


def run_in_vain(broken: Incident, times: int, status: Status = Status.FAILED) -> None:
    for _ in range(times):
        Incident.objects.filter(pk=broken.pk).update(last_seen_at=timezone.now())
        end(started(broken), status)


@pytest.fixture
def _eager(rows: None) -> None:
    """Let a rule run again at once."""
    makers.entry("SAMPLE_MENDING", cooldown_minutes=0)


@pytest.mark.usefixtures("_eager")
def test_after_so_many_runs_that_did_not_fix_it_stops_there_until_a_person_re_arms_it() -> None:
    Channel.objects.create(name="ops", sealed_url="x", shown_url="x")
    asked = rule(breaker_after=3, retry_minutes=0, per_hour=99, name="mend")
    broken, elsewhere = incident(), incident()
    run_in_vain(broken, 2)
    assert not RuleBreaker.objects.exists()
    run_in_vain(broken, 1, Status.UNKNOWN)
    breaker = RuleBreaker.objects.get()
    assert (breaker.rule, breaker.server) == (asked, broken.server)
    assert makers.last_event("INCIDENT_RULE_BREAKER_OPENED").actor_name == "mend"
    assert Delivery.objects.filter(event="BREAKER_OPENED").count() == 1
    Incident.objects.filter(pk=broken.pk).update(last_seen_at=timezone.now())
    (held,) = consider(broken)
    assert held.outcome == "HELD"
    # Elsewhere it goes on.
    end(started(elsewhere), verdict=Verdict.FIXED)
    noc = makers.user("NOC")
    breakers.rearm(actor=noc, rule=asked, server=broken.server, reason="I put in a new disk.")
    breaker.refresh_from_db()
    assert (breaker.rearmed_by, breaker.rearm_reason) == (noc, "I put in a new disk.")
    assert makers.last_event("INCIDENT_RULE_BREAKER_REARMED").message == "I put in a new disk."
    broken.refresh_from_db()
    assert broken.look_again_at is not None
    # It starts from nothing again.
    run_in_vain(broken, 2)
    assert RuleBreaker.objects.filter(rearmed_at=None).count() == 0
    run_in_vain(broken, 1)
    assert RuleBreaker.objects.filter(rearmed_at=None).count() == 1


@pytest.mark.usefixtures("_eager")
def test_a_run_that_fixed_or_was_cancelled_does_not_count_as_in_vain() -> None:
    rule(breaker_after=2, retry_minutes=0, resolves=False)
    broken = incident()
    run_in_vain(broken, 1)
    Incident.objects.filter(pk=broken.pk).update(last_seen_at=timezone.now())
    end(started(broken), verdict=Verdict.FIXED)
    run_in_vain(broken, 1)
    run_in_vain(broken, 1, Status.CANCELLED)
    assert not RuleBreaker.objects.exists()
    run_in_vain(broken, 1)
    assert RuleBreaker.objects.count() == 1


def test_re_arming_wants_the_permission_a_reason_and_something_to_re_arm() -> None:
    asked, server = rule(), makers.server()
    noc = makers.user("NOC")
    with pytest.raises(NotPermitted):
        breakers.rearm(actor=makers.user("HELPDESK"), rule=asked, server=server, reason="x")
    with pytest.raises(Invalid):
        breakers.rearm(actor=noc, rule=asked, server=server, reason=" ")
    with pytest.raises(InvalidState):
        breakers.rearm(actor=noc, rule=asked, server=server, reason="x")
