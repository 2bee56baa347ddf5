"""What people do about an incident beside acknowledging and resolving it."""

from typing import Any

import pytest

from incidents.models import Incident, IncidentStatus
from incidents.services import incidents
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Conflict, Invalid, InvalidState, NotPermitted
from opsmanager.notifications.models import Channel, Delivery
from tests.automation import makers
from tests.incidents.makers import incident as opened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def noc() -> User:
    return makers.user("NOC")


def told(incident: Incident) -> list[str]:
    events = AuditEvent.objects.filter(verb__startswith="INCIDENT").order_by("seq")
    return [event.verb for event in events if event.target_id == str(incident.pk)]


def lines(incident: Incident) -> list[tuple[str, str, str]]:
    return [(entry.kind, entry.text, entry.actor) for entry in incident.timeline.all()]


def by_hand(actor: User, **fields: Any) -> Incident:
    return incidents.open_by_hand(
        actor=actor, **{"title": "The shop is slow", "severity": "HIGH", **fields}
    )


def test_a_person_opens_an_incident(noc: User) -> None:
    Channel.objects.create(name="all", is_active=True)
    server = makers.server(in_maintenance=True)
    made = by_hand(noc, server=server, labels={"unit": "shop.service"}, description="Since noon.")
    made.refresh_from_db()
    assert (made.source, made.status, made.in_maintenance) == ("manual", "OPEN", True)
    assert made.server_found_by == f"{noc.username} chose it."
    assert made.labels == {"unit": "shop.service"}
    assert made.look_again_at is not None, "rules are asked about it"
    assert lines(made) == [("OPENED", "Opened by hand.", noc.username)]
    assert told(made) == ["INCIDENT_OPENED"]
    assert Delivery.objects.get().title == "High: The shop is slow"


def test_two_that_people_open_are_two_and_one_form_opens_one(noc: User) -> None:
    assert by_hand(noc).pk != by_hand(noc).pk
    first = by_hand(noc, key="a-form")
    assert by_hand(noc, key="a-form").pk == first.pk
    assert told(first) == ["INCIDENT_OPENED"]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"severity": "BAD"}, "severity"),
        ({"labels": {str(n): "x" for n in range(51)}}, "labels"),
        ({"labels": {"x": "y" * 1001}}, "labels"),
    ],
)
def test_what_cannot_be_opened_is_said_by_field(
    noc: User, fields: dict[str, Any], name: str
) -> None:
    with pytest.raises(Invalid) as refused:
        by_hand(noc, **fields)
    assert list(refused.value.details) == [name]


def test_a_resolved_incident_is_opened_again(noc: User) -> None:
    incident = opened()
    incidents.acknowledge(actor=noc, incident=incident)
    incidents.resolve(actor=noc, incident=incident, reason="It was the cable.")
    incidents.reopen(actor=noc, incident=incident, reason="It was not.")
    incident.refresh_from_db()
    assert (incident.status, incident.times_opened) == (IncidentStatus.OPEN, 2)
    assert (incident.resolved_at, incident.acknowledged_at) == (None, None)
    assert [line[1] for line in lines(incident)][2:] == [
        "Resolved: It was the cable.",
        "Reopened: It was not.",
    ]
    assert told(incident)[-1] == "INCIDENT_REOPENED"
    with pytest.raises(InvalidState, match="this one is not over"):
        incidents.reopen(actor=noc, incident=incident)


def test_it_is_not_opened_again_beside_the_same_trouble(noc: User) -> None:
    first = opened(fingerprint="f", status=IncidentStatus.RESOLVED)
    opened(fingerprint="f")
    with pytest.raises(Conflict, match="open as another incident"):
        incidents.reopen(actor=noc, incident=first)
    assert told(first) == []


def test_who_resolves_it_is_remembered() -> None:
    incident = opened()
    incidents.close(incident, "The alert ended.", by_source=True)
    incident.refresh_from_db()
    assert incident.resolved_by_source
    incidents.reopen(actor=makers.admin(), incident=incident)
    incidents.resolve(actor=makers.admin(), incident=incident)
    incident.refresh_from_db()
    assert not incident.resolved_by_source


def test_somebody_takes_it_and_gives_it_away(noc: User) -> None:
    incident, other = opened(), makers.user("MANAGER")
    incidents.assign(actor=noc, incident=incident, to=noc)
    incidents.assign(actor=noc, incident=incident, to=noc)
    incidents.assign(actor=noc, incident=incident, to=other)
    incident.refresh_from_db()
    assert incident.assigned_to == other
    incidents.assign(actor=noc, incident=incident, to=None)
    assert [line[1] for line in lines(incident)][1:] == [
        "Took it.",
        f"Assigned to {other.username}.",
        "Assigned to nobody.",
    ]
    assert told(incident) == ["INCIDENT_ASSIGNED"] * 3


@pytest.mark.parametrize("role", ["HELPDESK", "HR"])
def test_it_is_given_to_nobody_who_may_not_manage_it(noc: User, role: str) -> None:
    incident = opened()
    with pytest.raises(Invalid) as refused:
        incidents.assign(actor=noc, incident=incident, to=makers.user(role))
    assert list(refused.value.details) == ["assignedTo"]


def test_a_note_is_kept_without_secrets(noc: User) -> None:
    incident = opened()
    incidents.note(actor=noc, incident=incident, text=" I tried password=hunter2hunter2 \n")
    kind, text, actor = lines(incident)[-1]
    assert (kind, actor) == ("NOTE", noc.username)
    assert text.startswith("I tried")
    assert "hunter2" not in text
    assert told(incident) == ["INCIDENT_NOTED"]
    for wrong in (" ", "x" * 4001):
        with pytest.raises(Invalid):
            incidents.note(actor=noc, incident=incident, text=wrong)


def test_severity_and_server_are_changed(noc: User) -> None:
    incident, server = opened(server=None), makers.server()
    incidents.change(actor=noc, incident=incident, severity="CRITICAL", server=server)
    incidents.change(actor=noc, incident=incident, severity="CRITICAL", server=server)
    incident.refresh_from_db()
    assert (incident.severity, incident.server) == ("CRITICAL", server)
    assert incident.server_found_by == f"{noc.username} chose it."
    assert incident.look_again_at is not None
    assert lines(incident)[1:] == [
        ("CHANGED", f"Severity High → Critical. Server: {server.name}.", noc.username)
    ]
    event = AuditEvent.objects.filter(verb="INCIDENT_UPDATED").get()
    assert event.details["changed"] == {"severity": "CRITICAL", "server": server.name}


def test_who_may_not_manage_incidents_does_none_of_it() -> None:
    actor, incident = makers.user("HELPDESK"), opened()
    acts: list[Any] = [
        lambda: by_hand(actor),
        lambda: incidents.reopen(actor=actor, incident=incident),
        lambda: incidents.assign(actor=actor, incident=incident, to=None),
        lambda: incidents.note(actor=actor, incident=incident, text="x"),
        lambda: incidents.change(actor=actor, incident=incident, severity="LOW"),
    ]
    for act in acts:
        with pytest.raises(NotPermitted):
            act()
    assert told(incident) == []
