import pytest

from automation.engine.results import Outcome, Status, Verdict
from automation.models import Execution
from automation.runner.finish import told
from automation.signals import execution_finished
from incidents.models import Incident, IncidentStatus, TimelineEntry
from incidents.services import incidents, runs
from opsmanager.common.problems import InvalidState, NotPermitted
from tests.automation import makers
from tests.incidents.makers import incident as opened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

MANAGE = ["NOC", "MANAGER", "ADMIN", "SUPER_ADMIN"]
DO_NOT = ["HELPDESK", "HR", "FINANCE"]


def timeline(incident: Incident) -> list[tuple[str, str, str]]:
    return [(entry.kind, entry.text, entry.actor) for entry in incident.timeline.all()]


def test_an_alert_opens_an_incident() -> None:
    incident = opened(description="It does not answer.")
    assert (incident.status, incident.is_open) == (IncidentStatus.OPEN, True)
    assert incident.opened_at is not None
    assert timeline(incident) == [("OPENED", "Opened by prometheus.", "")]
    assert str(incident) == "nginx is down"
    assert str(incident.timeline.get()) == "Opened by prometheus."


@pytest.mark.parametrize("status", [s for s in IncidentStatus if s is not IncidentStatus.RESOLVED])
def test_the_same_trouble_is_not_opened_twice_while_it_lasts(status: IncidentStatus) -> None:
    first = opened(fingerprint="f", status=status)
    again = opened(fingerprint="f", title="Another title")
    assert again.pk == first.pk
    assert len(timeline(first)) == 1


def test_the_same_trouble_after_its_end_is_a_new_incident() -> None:
    first = opened(fingerprint="f", status=IncidentStatus.RESOLVED)
    assert opened(fingerprint="f").pk != first.pk


@pytest.mark.parametrize("role", MANAGE)
def test_acknowledging_says_who_looks_at_it(role: str) -> None:
    incident, actor = opened(), makers.user(role)
    incidents.acknowledge(actor=actor, incident=incident)
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.ACKNOWLEDGED
    assert incident.acknowledged_by == actor
    assert incident.acknowledged_at is not None
    assert timeline(incident)[1] == ("ACKNOWLEDGED", "Acknowledged.", actor.username)
    event = makers.last_event("INCIDENT_ACKNOWLEDGED")
    assert (event.actor_name, event.target_name) == (actor.username, "nginx is down")


@pytest.mark.parametrize("role", MANAGE)
def test_resolving_ends_it(role: str) -> None:
    incident, actor = opened(), makers.user(role)
    incidents.resolve(actor=actor, incident=incident)
    incident.refresh_from_db()
    assert (incident.status, incident.is_open) == (IncidentStatus.RESOLVED, False)
    assert incident.resolved_at is not None
    assert timeline(incident)[1] == ("RESOLVED", "Resolved.", actor.username)
    assert makers.last_event("INCIDENT_RESOLVED").actor_name == actor.username


@pytest.mark.parametrize("role", DO_NOT)
@pytest.mark.parametrize("act", [incidents.acknowledge, incidents.resolve])
def test_who_may_not_manage_incidents_changes_nothing(role: str, act: object) -> None:
    incident = opened()
    with pytest.raises(NotPermitted, match="Your role may not manage incidents"):
        act(actor=makers.user(role), incident=incident)  # type: ignore[operator]
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.OPEN
    assert len(timeline(incident)) == 1


@pytest.mark.parametrize("status", [s for s in IncidentStatus if s is not IncidentStatus.OPEN])
def test_only_an_open_incident_can_be_acknowledged(status: IncidentStatus) -> None:
    incident = opened(status=status)
    with pytest.raises(InvalidState, match="this one is not open"):
        incidents.acknowledge(actor=makers.admin(), incident=incident)
    assert len(timeline(incident)) == 1


def test_an_incident_is_resolved_once() -> None:
    incident = opened(status=IncidentStatus.RESOLVED)
    with pytest.raises(InvalidState, match="resolved already"):
        incidents.resolve(actor=makers.admin(), incident=incident)


def test_of_two_who_acknowledge_at_once_the_second_is_told() -> None:
    incident = opened()
    stale = Incident.objects.get(pk=incident.pk)
    incidents.acknowledge(actor=makers.admin(), incident=incident)
    with pytest.raises(InvalidState):
        incidents.acknowledge(actor=makers.admin(), incident=stale)


def test_the_start_of_a_run_is_noted() -> None:
    incident, actor = opened(), makers.user()
    execution = makers.execution(incident_id=incident.pk)
    runs.note_started(execution, actor=actor)
    execution.is_dry_run = True
    runs.note_started(execution, actor=actor)
    assert timeline(incident)[1:] == [
        ("EXECUTION", "Run of Mend a file started.", actor.username),
        ("EXECUTION", "Dry run of Mend a file started.", actor.username),
    ]


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (
            Outcome(status=Status.SUCCESS, summary="It was made.", verdict=Verdict.FIXED),
            "Run of Mend a file ended SUCCESS (FIXED). It was made.",
        ),
        (
            Outcome(status=Status.SUCCESS, summary="", verdict=Verdict.NOT_FIXED),
            "Run of Mend a file ended SUCCESS (NOT FIXED).",
        ),
        (
            Outcome(status=Status.UNKNOWN, summary="", error_message="Nobody saw."),
            "Run of Mend a file ended UNKNOWN. Nobody saw.",
        ),
    ],
)
def test_the_end_of_a_run_is_noted(outcome: Outcome, text: str) -> None:
    incident = opened()
    execution = makers.execution(
        incident_id=incident.pk,
        status=outcome.status,
        verdict=outcome.verdict or "",
        result_summary=outcome.summary,
        error_message=outcome.error_message,
    )
    told(execution.pk, worker="one")
    assert timeline(incident)[1:] == [("EXECUTION", text, "")]
    assert incident.timeline.all()[1].execution == execution


def test_the_end_of_a_dry_run_is_noted_as_one() -> None:
    incident = opened()
    execution = makers.execution(incident_id=incident.pk, status=Status.SUCCESS, is_dry_run=True)
    execution_finished.send(sender=Execution, execution=execution)
    assert timeline(incident)[1][1].startswith("Dry run of Mend a file ended SUCCESS.")


@pytest.mark.parametrize("incident_id", [None, "00000000-0000-0000-0000-000000000007"])
def test_an_execution_for_no_incident_is_noted_nowhere(incident_id: str | None) -> None:
    execution = makers.execution(incident_id=incident_id, status=Status.SUCCESS)
    told(execution.pk, worker="one")
    assert not TimelineEntry.objects.exists()


def test_the_start_of_a_run_for_no_incident_is_noted_nowhere() -> None:
    runs.note_started(makers.execution(), actor=makers.user())
    assert not TimelineEntry.objects.exists()


def test_a_source_that_says_that_it_is_over_closes_it() -> None:
    incident = opened()
    incidents.close(incident, "The alert ended.")
    assert timeline(incident)[1] == ("RESOLVED", "The alert ended.", "")
    event = makers.last_event("INCIDENT_RESOLVED")
    assert (event.actor_type, event.actor_name) == ("SOURCE", "prometheus")


def test_the_timeline_outlives_its_execution() -> None:
    incident = opened()
    execution = makers.execution(incident_id=incident.pk, status=Status.SUCCESS)
    told(execution.pk, worker="one")
    execution.delete()
    assert incident.timeline.count() == 2
