import pytest
from django.contrib.auth.models import AnonymousUser

from incidents.selectors import incidents
from opsmanager.common.problems import NotFound
from tests.automation import makers
from tests.incidents.makers import incident as opened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def test_who_may_not_see_incidents_finds_none() -> None:
    incident = opened()
    for user in (makers.user("HELPDESK"), AnonymousUser()):
        assert not incidents.visible_to(user).exists()
        with pytest.raises(NotFound, match="There is no such incident"):
            incidents.get(user, incident.pk)
    assert incidents.get(makers.user("NOC"), incident.pk) == incident


def test_an_incident_is_fixed_by_the_last_run_for_it_that_said_so() -> None:
    incident = opened()
    makers.execution(incident_id=incident.pk, verdict="NOT_FIXED", status="SUCCESS")
    makers.execution(verdict="FIXED", status="SUCCESS")
    assert incidents.fixed_by(incident) is None
    for age in (3, 1, 2):
        makers.execution(
            incident_id=incident.pk, verdict="FIXED", status="SUCCESS", age_minutes=age
        )
    fixed = incidents.fixed_by(incident)
    assert fixed is not None
    assert fixed.queued_at == max(
        e.queued_at
        for e in fixed.runbook.executions.filter(incident_id=incident.pk, verdict="FIXED")
    )


def test_what_no_runbook_fixed_yet_needs_somebody() -> None:
    user = makers.user()
    fixed, low, high = opened(), opened(severity="LOW"), opened(severity="HIGH")
    opened(status="RESOLVED")
    makers.execution(incident_id=fixed.pk, verdict="FIXED", status="SUCCESS")
    makers.execution(incident_id=low.pk, verdict="NOT_FIXED", status="SUCCESS")
    assert list(incidents.without_a_fix(user)) == [high, low]
    assert not incidents.without_a_fix(makers.user("HR")).exists()
