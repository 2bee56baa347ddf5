"""What people do about an incident on its page, and that the page follows it."""

from typing import Any

import pytest
from django.test import Client

from automation.engine.results import Status
from incidents.models import Incident, IncidentStatus
from incidents.services import incidents
from opsmanager.accounts.models import User
from tests.automation import makers
from tests.automation.web.test_runbooks import HTMX, text_of
from tests.incidents.makers import incident as opened
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def noc() -> User:
    return makers.user("NOC")


@pytest.fixture
def client(noc: User) -> Client:
    return signed_in(noc)


def page(incident: Incident, rest: str = "") -> str:
    return f"/incidents/{incident.pk}/{rest}"


def done(client: Client, incident: Incident, act: str, **sent: str) -> str:
    """Send a form of the page and return the page that follows, without its foot."""
    answer = client.post(page(incident, act), sent, follow=True)
    assert answer.redirect_chain == [(page(incident), 302)]
    incident.refresh_from_db()
    return text_of(answer)


FORM = {"title": "The shop is slow", "severity": "HIGH", "labels": "unit=shop.service\n\n a = b=c "}


def test_an_incident_is_opened_by_hand(client: Client) -> None:
    server = makers.server()
    assert "/incidents/open/" in text_of(client.get("/incidents/"))
    assert "What is broken" in text_of(client.get("/incidents/open/"))
    answer = client.post("/incidents/open/", {**FORM, "server": str(server.pk)})
    made = Incident.objects.get()
    assert answer["Location"] == page(made)
    assert (made.source, made.server) == ("manual", server)
    assert made.labels == {"unit": "shop.service", "a": "b=c"}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"title": ""}, "This field is required."),
        ({"severity": "BAD"}, "Select a valid choice."),
        ({"labels": "unit shop"}, "Write name=value in place of “unit shop”."),
        ({"labels": "\n".join(f"{n}=x" for n in range(51))}, "Use at most 50 labels."),
        ({"labels": "x=" + "y" * 1001}, "values of at most 1000 characters"),
    ],
)
def test_what_cannot_be_opened_is_said(client: Client, sent: dict[str, str], words: str) -> None:
    answer = client.post("/incidents/open/", {**FORM, **sent})
    assert words in text_of(answer, 422)
    assert not Incident.objects.exists()


def test_somebody_takes_it_notes_resolves_and_reopens(client: Client, noc: User) -> None:
    incident = opened()
    assert "Give it up" in done(client, incident, "take/", on="1")
    assert incident.assigned_to == noc
    assert "Assign to me" in done(client, incident, "take/", on="0")
    assert "I &lt;b&gt;called&lt;/b&gt; them" in done(
        client, incident, "note/", text="I <b>called</b> them"
    )
    shown = done(client, incident, "resolve/", reason="The cable.")
    assert incident.status == IncidentStatus.RESOLVED
    assert "Resolved: The cable." in shown
    assert "suggestions-fix" not in shown
    assert "Reopened." in done(client, incident, "reopen/")
    assert incident.status == IncidentStatus.OPEN


def test_it_is_changed_and_given_to_somebody(client: Client) -> None:
    incident, other, server = opened(server=None), makers.user("MANAGER"), makers.server()
    assert "Choose its server" in text_of(client.get(page(incident)))
    shown = text_of(client.get(page(incident, "edit/")))
    assert other.username in shown
    done(
        client,
        incident,
        "edit/",
        title="Worse",
        severity="CRITICAL",
        server=str(server.pk),
        assigned_to=str(other.pk),
    )
    found = (incident.title, incident.severity, incident.server, incident.assigned_to)
    assert found == ("Worse", "CRITICAL", server, other)


def test_an_execution_is_linked_by_the_address_of_its_page(client: Client) -> None:
    incident, execution = opened(), makers.execution(status=Status.SUCCESS)
    address = f"https://ops.example/executions/{execution.pk}/"
    shown = done(client, incident, "link/", execution=address)
    assert f"/executions/{execution.pk}/" in shown[shown.index('id="tried"') :]
    done(client, incident, "link/", execution=str(execution.pk), off="1")
    execution.refresh_from_db()
    assert execution.incident_id is None
    answer = client.post(
        page(incident, "link/"),
        {"execution": "x"},
        headers={"referer": page(incident)},
        follow=True,
    )
    assert "Paste the address" in text_of(answer)


def test_a_name_that_the_alert_says_becomes_an_alias() -> None:
    admin = signed_in(makers.user("ADMIN"))
    server = makers.server()
    incident = opened(server=server, labels={"instance": "web-9.example:9100"})
    assert "web-9.example is" in text_of(admin.get(page(incident)))
    shown = done(admin, incident, "alias/", name="web-9.example")
    assert "Alerts for web-9.example are about" in shown
    server.refresh_from_db()
    assert server.aliases == ["web-9.example"]
    assert "web-9.example is" not in shown
    admin.post(page(incident, "alias/"), {"name": "db.example"})
    server.refresh_from_db()
    assert server.aliases == ["web-9.example"], "a name that no label says"


def test_the_names_of_servers_are_the_administrators_business(client: Client) -> None:
    incident = opened(labels={"instance": "web-9.example"})
    assert "web-9.example is" not in text_of(client.get(page(incident)))
    answer = client.post(page(incident, "alias/"), {"name": "web-9.example"})
    assert answer.status_code == 403


def poll(client: Client, address: str) -> Any:
    return client.get(address.replace("&amp;", "&"), headers=HTMX)


def address_of_poll(shown: str) -> str:
    before = shown.index("/state/?seen=")
    start = shown.rindex('"', 0, before) + 1
    return shown[start : shown.index('"', start)]


def test_the_page_asks_until_it_is_resolved_and_hears_what_is_new(
    client: Client, noc: User, django_assert_num_queries: Any
) -> None:
    incident = opened()
    address = address_of_poll(text_of(client.get(page(incident))))
    with django_assert_num_queries(1):
        assert poll(client, address).status_code == 204
    incidents.note(actor=noc, incident=incident, text="Something new")
    answer = poll(client, address)
    assert answer.status_code == 200
    shown = text_of(answer)
    assert 'hx-swap-oob="true"' in shown
    assert "Something new" in shown
    address = address_of_poll(shown)
    assert poll(client, address).status_code == 204
    incidents.resolve(actor=noc, incident=incident)
    assert "hx-get" not in text_of(poll(client, address))


def test_the_list_is_narrowed_to_what_one_asks_for(client: Client, noc: User) -> None:
    mine = opened(title="Mine alone", severity="CRITICAL")
    other = opened(title="Somebody's", is_flapping=True, in_maintenance=True)
    incidents.assign(actor=noc, incident=mine, to=noc)

    def listed(**query: str) -> list[str]:
        shown = text_of(client.get("/incidents/", query))
        return [row.title for row in (mine, other) if str(row.pk) in shown]

    assert listed(whose="me") == ["Mine alone"]
    assert listed(whose="nobody") == ["Somebody's"]
    assert listed(severity="CRITICAL") == ["Mine alone"]
    assert listed(server=str(other.server_id)) == ["Somebody's"]
    shown = text_of(client.get("/incidents/"))
    assert "Flapping" in shown
    assert "In maintenance" in shown
    assert noc.username in shown
