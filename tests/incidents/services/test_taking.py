"""Alerts become incidents: one for each trouble, whatever is sent twice, late or again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.models import Incident, IncidentStatus, Source
from incidents.services import flapping, incidents, taking
from incidents.services.taking import Outcome, take, take_in
from opsmanager.audit.models import AuditEvent
from opsmanager.notifications import outbox
from opsmanager.notifications.message import Event, Message
from tests.automation import makers
from tests.incidents.alerts import Places, Rules, alert, began, source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Rules:
    return Rules(monkeypatch)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    return Places(monkeypatch)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    messages: list[Message] = []
    monkeypatch.setattr(outbox, "tell", messages.append)
    return messages


@pytest.fixture
def sender(rules: Rules, places: Places) -> Source:
    return source(name="Prometheus", grace_minutes=5)


def one() -> Incident:
    return Incident.objects.get()


def kinds() -> list[str]:
    return [entry.kind for entry in one().timeline.all()]


def resolved(minutes_ago: float, **fields: object) -> None:
    """Move the resolution of the one incident, and all before it, into the past."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Incident.objects.update(resolved_at=at, **fields)


def resolve_by_hand() -> None:
    incidents.resolve(actor=makers.user("MANAGER"), incident=one())


def test_what_fires_opens_one_incident_with_its_server(
    sender: Source, places: Places, rules: Rules, told: list[Message]
) -> None:
    places.server = makers.server()
    begun = began()
    incident = take(sender, alert(began_at=begun, url="https://p.example/1", description="Dead."))
    assert incident == one()
    assert incident.server == places.server
    assert incident.server_found_by == "The label server says web-1."
    assert incident.fingerprint == f"{sender.slug}:a1"
    assert (incident.source, incident.alert_began_at) == (sender.slug, begun)
    assert (incident.url, incident.description) == ("https://p.example/1", "Dead.")
    assert not incident.in_maintenance
    assert kinds() == ["OPENED"]
    assert rules.asked == [incident]
    assert [message.event for message in told] == [Event.INCIDENT_OPENED]
    assert places.server.name in told[0].body
    assert makers.last_event("INCIDENT_OPENED").actor_type == "SOURCE"


def test_an_incident_of_a_server_in_maintenance_is_marked(sender: Source, places: Places) -> None:
    places.server = makers.server(in_maintenance=True)
    take(sender, alert())
    assert one().in_maintenance


def test_what_fires_on_is_seen_again_and_its_timeline_stays_short(
    sender: Source, rules: Rules, told: list[Message]
) -> None:
    for _ in range(5):
        take(sender, alert(began_at=began()))
    assert one().times_seen == 5
    assert kinds() == ["OPENED", "SEEN"]
    assert one().timeline.last().text == "It fires: seen 5 times."
    assert len(rules.asked) == 5
    assert len(told) == 1


def test_the_severity_rises_and_never_falls(sender: Source) -> None:
    for severity in ("MEDIUM", "CRITICAL", "LOW"):
        take(sender, alert(severity=severity))
    assert one().severity == "CRITICAL"
    assert kinds() == ["OPENED", "NOTE", "SEEN"]


def test_the_same_fingerprint_of_another_source_is_another_incident(sender: Source) -> None:
    take(sender, alert())
    take(source(), alert())
    assert Incident.objects.count() == 2


def test_what_its_source_says_is_over_is_resolved(
    sender: Source, rules: Rules, told: list[Message]
) -> None:
    begun = began()
    take(sender, alert(began_at=begun))
    take(sender, alert(began_at=begun, is_firing=False, ended_at=timezone.now()))
    assert one().status == IncidentStatus.RESOLVED
    assert one().resolved_by_source
    assert kinds() == ["OPENED", "RESOLVED"]
    assert [message.event for message in told] == [Event.INCIDENT_OPENED, Event.INCIDENT_RESOLVED]
    assert len(rules.asked) == 1


def test_the_end_of_what_never_fired_is_ignored(sender: Source) -> None:
    assert take_in(sender, alert(is_firing=False)).outcome == Outcome.IGNORED
    assert not Incident.objects.exists()


@pytest.mark.parametrize("minutes", [0, 30, 600])
def test_a_replay_of_what_is_over_opens_nothing(sender: Source, minutes: float) -> None:
    begun = began()
    fires = alert(began_at=begun)
    for sent in (fires, alert(began_at=begun, is_firing=False)):
        take(sender, sent)
    resolved(minutes)
    assert take(sender, fires) is None
    assert take_in(sender, alert(began_at=begun - timedelta(hours=1))).outcome == Outcome.IGNORED
    assert one().status == IncidentStatus.RESOLVED


def test_the_late_end_of_an_earlier_alert_resolves_nothing(sender: Source) -> None:
    take(sender, alert(began_at=began(5)))
    for late in (
        alert(began_at=began(60), is_firing=False),
        alert(is_firing=False, ended_at=began(9)),
    ):
        assert take_in(sender, late).outcome == Outcome.IGNORED
    assert one().is_open


def test_what_fires_anew_within_the_hour_is_the_same_incident_again(
    sender: Source, rules: Rules
) -> None:
    take(sender, alert(began_at=began(50)))
    take(sender, alert(began_at=began(50), is_firing=False))
    resolved(40)
    take(sender, alert(began_at=began(1)))
    assert (one().status, one().times_opened) == (IncidentStatus.OPEN, 2)
    assert (one().resolved_at, one().resolved_by_source, one().over_since) == (None, False, None)
    assert kinds() == ["OPENED", "RESOLVED", "REOPENED"]
    assert len(rules.asked) == 2
    assert makers.last_event("INCIDENT_REOPENED").actor_type == "SOURCE"


def test_what_fires_anew_after_an_hour_is_a_new_incident(sender: Source) -> None:
    take(sender, alert(began_at=began(200)))
    take(sender, alert(began_at=began(200), is_firing=False))
    resolved(61)
    take(sender, alert(began_at=began(1)))
    assert Incident.objects.count() == 2


def test_what_was_resolved_here_and_fires_on_is_left_alone_for_a_while(
    sender: Source, rules: Rules
) -> None:
    fires = alert(began_at=began())
    take(sender, fires)
    resolve_by_hand()
    assert take_in(sender, fires).outcome == Outcome.NOTED
    assert take_in(sender, fires).outcome == Outcome.NOTED
    assert one().status == IncidentStatus.RESOLVED
    assert kinds() == ["OPENED", "RESOLVED", "STILL_FIRES"]
    assert len(rules.asked) == 1


@pytest.mark.parametrize("minutes", [6, 300])
def test_after_that_it_is_opened_again(sender: Source, minutes: int) -> None:
    fires = alert(began_at=began(400))
    take(sender, fires)
    resolve_by_hand()
    resolved(minutes)
    take(sender, fires)
    assert one().status == IncidentStatus.OPEN
    assert one().timeline.last().text == "Opened again. It was resolved here, and it still fires."


def test_what_was_resolved_here_and_is_over_at_its_source_is_not_opened_by_a_replay(
    sender: Source,
) -> None:
    fires = alert(began_at=began())
    take(sender, fires)
    resolve_by_hand()
    take(sender, alert(began_at=fires.began_at, is_firing=False))
    resolved(20)
    assert take_in(sender, fires).outcome == Outcome.IGNORED
    assert not one().resolved_by_source


def test_without_times_what_fires_again_opens_it_again(sender: Source) -> None:
    take(sender, alert())
    take(sender, alert(is_firing=False))
    assert take_in(sender, alert()).outcome == Outcome.REOPENED
    resolve_by_hand()
    assert take_in(sender, alert()).outcome == Outcome.NOTED
    resolved(120)
    assert take_in(sender, alert()).outcome == Outcome.OPENED


def test_who_looks_at_it_elsewhere_is_seen_here(sender: Source) -> None:
    take(sender, alert())
    assert take_in(sender, alert(is_acknowledged=True)).outcome == Outcome.ACKNOWLEDGED
    assert one().status == IncidentStatus.ACKNOWLEDGED
    assert take_in(sender, alert(is_acknowledged=True)).outcome == Outcome.SEEN
    assert kinds().count("ACKNOWLEDGED") == 1


def flap(sender: Source, times: int) -> None:
    for number in range(times):
        begun = began(times - number)
        take(sender, alert(began_at=begun))
        take(sender, alert(began_at=begun, is_firing=False))


def test_what_opens_four_times_within_an_hour_flaps_and_stays_open(sender: Source) -> None:
    flap(sender, 3)
    assert (one().status, one().is_flapping) == (IncidentStatus.RESOLVED, False)
    flap(sender, 3)
    assert one().is_flapping
    assert one().is_open
    assert one().over_since is not None
    assert kinds().count("FLAPPING") >= 1
    assert one().times_opened == 4


def test_it_is_resolved_once_it_has_been_quiet(sender: Source, told: list[Message]) -> None:
    flap(sender, 5)
    assert flapping.resolve_quiet() == 0
    Incident.objects.update(over_since=began(31))
    assert flapping.resolve_quiet() == 1
    assert (one().status, one().is_flapping) == (IncidentStatus.RESOLVED, False)
    assert one().resolved_by_source
    assert told[-1].event == Event.INCIDENT_RESOLVED
    assert flapping.resolve_quiet() == 0


def test_it_is_not_resolved_while_it_fires(sender: Source) -> None:
    flap(sender, 5)
    take(sender, alert(began_at=began(0)))
    Incident.objects.update(last_seen_at=began(90))
    assert flapping.resolve_quiet() == 0
    assert one().is_open


def test_one_that_a_person_resolved_flaps_no_more(sender: Source) -> None:
    flap(sender, 5)
    resolve_by_hand()
    Incident.objects.update(over_since=began(31))
    assert flapping.resolve_quiet() == 0
    assert not one().is_flapping


def test_a_fault_of_the_rules_keeps_no_alert_out(
    sender: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_incident: Incident) -> None:
        raise RuntimeError

    monkeypatch.setattr(taking.remediation, "consider", fail)
    assert take(sender, alert()) == one()


def test_each_change_of_state_is_audited(sender: Source) -> None:
    flap(sender, 2)
    verbs = AuditEvent.objects.filter(verb__startswith="INCIDENT_").order_by("seq")
    assert list(verbs.exclude(verb__contains="SOURCE").values_list("verb", flat=True)) == [
        "INCIDENT_OPENED",
        "INCIDENT_RESOLVED",
        "INCIDENT_REOPENED",
        "INCIDENT_RESOLVED",
    ]
