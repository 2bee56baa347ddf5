"""Incidents over the API: listed, opened, changed, and what is done about them."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from automation.engine.results import Status
from incidents.models import Incident
from opsmanager.accounts.models import User
from tests.automation import makers
from tests.incidents.makers import incident as opened
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

ALL = "/api/v1/incidents"
JSON = "application/json"


@pytest.fixture
def noc() -> User:
    return makers.user("NOC")


@pytest.fixture
def client(noc: User) -> Client:
    return signed_in(noc)


def post(client: Client, where: str, body: Any = None, status: int = 200) -> Any:
    answer = client.post(where, body or {}, JSON)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_an_incident_is_opened_shown_and_changed(client: Client, noc: User) -> None:
    server = makers.server()
    made = post(
        client,
        ALL,
        {
            "title": "The shop is slow",
            "severity": "HIGH",
            "serverId": str(server.pk),
            "labels": {"unit": "shop.service"},
        },
        201,
    )["incident"]
    assert (made["source"], made["status"], made["isOpen"]) == ("manual", "OPEN", True)
    assert (made["serverName"], made["labels"]) == (server.name, {"unit": "shop.service"})
    where = f"{ALL}/{made['id']}"
    assert client.get(where).json()["incident"] == made
    answer = client.patch(where, {"severity": "LOW", "serverId": None}, JSON)
    changed = answer.json()["incident"]
    assert (changed["severity"], changed["serverId"]) == ("LOW", None)
    assert changed["serverFoundBy"] == f"{noc.username} took it off."


def test_what_people_do_about_it_shows_in_its_timeline(client: Client, noc: User) -> None:
    incident = opened()
    where = f"{ALL}/{incident.pk}"
    shown = post(client, f"{where}/acknowledge")["incident"]
    assert (shown["status"], shown["acknowledgedBy"]["username"]) == ("ACKNOWLEDGED", noc.username)
    shown = post(client, f"{where}/assign", {"assignedTo": noc.username})["incident"]
    assert shown["assignedTo"] == {"id": str(noc.pk), "username": noc.username}
    entry = post(client, f"{where}/notes", {"text": "Called them."}, 201)["entry"]
    assert (entry["kind"], entry["text"], entry["actor"]) == ("NOTE", "Called them.", noc.username)
    assert post(client, f"{where}/resolve", {"reason": "Over."})["incident"]["isOpen"] is False
    assert post(client, f"{where}/reopen")["incident"]["timesOpened"] == 2
    found = client.get(f"{where}/timeline?limit=3").json()
    assert found["total"] == 6
    assert [line["kind"] for line in found["timeline"]] == ["OPENED", "ACKNOWLEDGED", "ASSIGNED"]


def test_executions_are_linked_and_listed_by_it(client: Client) -> None:
    incident, execution = opened(), makers.execution(status=Status.SUCCESS)
    body = {"executionId": str(execution.pk)}
    post(client, f"{ALL}/{incident.pk}/executions/link", body)
    listed = client.get(f"/api/v1/automation/executions?incidentId={incident.pk}").json()
    assert [row["id"] for row in listed["executions"]] == [str(execution.pk)]
    post(client, f"{ALL}/{incident.pk}/executions/unlink", body)
    post(client, f"{ALL}/{incident.pk}/executions/unlink", body, 404)


def test_what_may_help_is_told_by_whether_it_changes_anything(client: Client) -> None:
    before = opened(fingerprint="f", status="RESOLVED")
    for verdict in ("FIXED", "FIXED", "FIXED", "NOT_FIXED"):
        makers.execution(incident_id=before.pk, status=Status.SUCCESS, verdict=verdict)
    incident = opened(fingerprint="f")
    found = client.get(f"{ALL}/{incident.pk}/suggestions").json()["suggestions"]
    assert "SAMPLE_LOOKING" in {each["runbookId"] for each in found["diagnose"]}
    first = found["fix"][0]
    assert (first["runbookId"], first["parameters"]) == ("SAMPLE_MENDING", {"path": "/tmp/x"})
    counts = (first["fixedCount"], first["triedCount"], first["triedFor"])
    assert counts == (3, 4, "this very trouble")


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["c", "b", "a"]),
        ("ordering=title", ["a", "b", "c"]),
        ("isOpen=true", ["b", "a"]),
        ("isOpen=false", ["c"]),
        ("status=ACKNOWLEDGED,RESOLVED", ["c", "b"]),
        ("severity=CRITICAL", ["b"]),
        ("source=manual", ["a"]),
        ("source=manual,prometheus", ["c", "b", "a"]),
        ("assignedTo=NOBODY", []),
        ("serverId=SERVER", ["b"]),
        ("search=flooded", ["b"]),
        ("startDate=2099-01-01", []),
        ("endDate=2099-01-01", ["c", "b", "a"]),
    ],
)
def test_incidents_are_filtered(client: Client, query: str, titles: list[str]) -> None:
    opened(title="a", source="manual")
    second = opened(title="b", severity="CRITICAL", status="ACKNOWLEDGED", description="Flooded.")
    opened(title="c", status="RESOLVED")
    # Opened in one transaction, they were opened at one time.
    for number, row in enumerate(Incident.objects.order_by("title")):
        moment = row.opened_at.replace(microsecond=number)
        Incident.objects.filter(pk=row.pk).update(opened_at=moment)
    found = client.get(f"{ALL}?{query.replace('SERVER', str(second.server_id))}").json()
    assert [row["title"] for row in found["incidents"]] == titles
    assert found["total"] == len(titles)


def test_those_of_somebody_are_found_by_name(client: Client, noc: User) -> None:
    mine = opened(title="mine")
    opened(title="other")
    post(client, f"{ALL}/{mine.pk}/assign", {"assignedTo": noc.username})
    found = client.get(f"{ALL}?assignedTo={noc.username}").json()
    assert [row["title"] for row in found["incidents"]] == ["mine"]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"severity": "HIGH"}, "title"),
        ({"title": "x", "severity": "BAD"}, "severity"),
        ({"title": "x", "severity": "HIGH", "labels": {"a": 7}}, "labels"),
        ({"title": "x", "severity": "HIGH", "status": "RESOLVED"}, "status"),
    ],
)
def test_what_is_not_valid_is_refused_by_name(
    client: Client, body: dict[str, Any], name: str
) -> None:
    answer = post(client, ALL, body, 400)
    assert (answer["code"], list(answer["details"])) == ("VALIDATION", [name])
    assert not Incident.objects.exists()


def test_it_is_given_to_nobody_whom_nobody_knows(client: Client) -> None:
    where = f"{ALL}/{opened().pk}/assign"
    for name in ("nobody", makers.user("HELPDESK").username):
        assert list(post(client, where, {"assignedTo": name}, 400)["details"]) == ["assignedTo"]


def test_a_server_that_is_not_there_is_404(client: Client) -> None:
    body = {"title": "x", "severity": "HIGH", "serverId": str(uuid4())}
    post(client, ALL, body, 404)
