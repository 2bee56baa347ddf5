from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from automation.models import Execution
from incidents.models import Incident, IncidentStatus
from servers.models import Environment
from tests.automation import makers
from tests.automation.web.test_runbooks import HTMX, text_of
from tests.incidents.makers import incident as opened
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

As = Callable[[str], Client]


@pytest.fixture
def incident() -> Incident:
    return opened(title="nginx is down", description="It <b>does not</b> answer.")


@pytest.fixture
def as_(incident: Incident) -> As:
    """A browser of a persona: a role, or NOC who operates the incident's server."""

    def of(name: str) -> Client:
        if name == "anonymous":
            return Client()
        if name == "granted":
            return signed_in(makers.user("NOC", operates=incident.server))
        return signed_in(makers.user(name))

    return of


def run(client: Client, incident: Incident, runbook: str = "SAMPLE_MENDING", **more: Any) -> Any:
    headers = more.pop("headers", None)
    sent = {"runbook_id": runbook, "mode": "run", **more}
    return client.post(f"/incidents/{incident.pk}/run/", sent, headers=headers)


@pytest.mark.parametrize(
    ("name", "sees"),
    [("ADMIN", True), ("MANAGER", True), ("NOC", True), ("HELPDESK", False), ("HR", False)],
)
def test_who_sees_incidents(as_: As, incident: Incident, name: str, sees: bool) -> None:
    listed = as_(name).get("/incidents/")
    assert listed.status_code == (200 if sees else 403)
    assert ("nginx is down" in listed.content.decode()) is sees
    answer = as_(name).get(f"/incidents/{incident.pk}/")
    assert answer.status_code == (200 if sees else 404)


def test_nobody_sees_anything_without_a_login(as_: As, incident: Incident) -> None:
    for path in ("/incidents/", f"/incidents/{incident.pk}/"):
        assert as_("anonymous").get(path)["Location"].startswith("/login/")
    for path in ("acknowledge", "resolve", "run"):
        answer = as_("anonymous").post(f"/incidents/{incident.pk}/{path}/")
        assert answer["Location"].startswith("/login/")
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.OPEN


def titles(client: Client, **query: str) -> list[str]:
    page = text_of(client.get("/incidents/", query))
    known = Incident.objects.values_list("title", flat=True)
    return sorted((t for t in set(known) if t in page), key=page.index)


def test_the_worst_and_oldest_come_first_and_the_resolved_are_left_out(as_: As) -> None:
    for title, severity in (("Low", "LOW"), ("Critical", "CRITICAL"), ("High too", "HIGH")):
        opened(title=f"{title} trouble", severity=severity)
    opened(title="Over and done", severity="CRITICAL", status="RESOLVED")
    assert titles(as_("NOC")) == [
        "Critical trouble",
        "nginx is down",
        "High too trouble",
        "Low trouble",
    ]


def test_incidents_are_filtered_by_state(as_: As) -> None:
    opened(title="Seen by somebody", status="ACKNOWLEDGED")
    opened(title="Over and done", status="RESOLVED")
    assert titles(as_("NOC"), status="ACKNOWLEDGED") == ["Seen by somebody"]
    assert titles(as_("NOC"), status="RESOLVED") == ["Over and done"]
    assert len(titles(as_("NOC"), status="all")) == 3
    assert len(titles(as_("NOC"), status="open")) == 2
    assert titles(as_("NOC"), status="no such") == []


@pytest.mark.parametrize("text", ["NGINX", "not</b> answer", "SERVER"])
def test_incidents_are_searched(as_: As, incident: Incident, text: str) -> None:
    opened(title="Something else")
    assert incident.server is not None
    searched = text.replace("SERVER", incident.server.name)
    assert titles(as_("NOC"), search=searched) == ["nginx is down"]


def test_an_empty_list_says_so(as_: As) -> None:
    Incident.objects.all().delete()
    assert "No incidents" in text_of(as_("NOC").get("/incidents/"))
    assert "No incident fits" in text_of(as_("NOC").get("/incidents/", {"search": "x"}))


def test_an_incident_separates_diagnosis_from_fix(as_: As, incident: Incident) -> None:
    page = text_of(as_("granted").get(f"/incidents/{incident.pk}/"))
    diagnose = page[page.index('id="suggestions-diagnose"') : page.index('id="suggestions-fix"')]
    fix = page[page.index('id="suggestions-fix"') : page.index('id="timeline"')]
    assert "/runbooks/SAMPLE_LOOKING/" in diagnose
    assert "/runbooks/SAMPLE_MENDING/" in fix
    assert "The alert says path = /tmp/x." in fix
    assert "Opened by prometheus." in page
    assert "It &lt;b&gt;does not&lt;/b&gt; answer." in page
    assert incident.fingerprint in page


def test_an_incident_that_was_fixed_says_by_what(as_: As, incident: Incident) -> None:
    address = f"/incidents/{incident.pk}/"
    assert "fixed it" not in text_of(as_("NOC").get(address))
    execution = makers.execution(
        incident_id=incident.pk,
        status="SUCCESS",
        verdict="FIXED",
        finished_at="2026-01-01T00:00:00Z",
    )
    page = text_of(as_("NOC").get(address))
    assert "If all is well, resolve the incident." in page
    assert f"/executions/{execution.pk}/" in page


def test_an_incident_without_a_server_says_that_there_is_nothing_to_run_on(as_: As) -> None:
    page = text_of(as_("NOC").get(f"/incidents/{opened(server=None).pk}/"))
    assert "names no server" in page


def test_a_resolved_incident_suggests_nothing(as_: As) -> None:
    page = text_of(as_("NOC").get(f"/incidents/{opened(status='RESOLVED').pk}/"))
    assert "/runbooks/SAMPLE_MENDING/" not in page
    assert "/resolve/" not in page


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("acknowledge", IncidentStatus.ACKNOWLEDGED, "Acknowledged: others see that you look"),
        ("resolve", IncidentStatus.RESOLVED, "Resolved."),
    ],
)
def test_an_incident_is_acknowledged_and_resolved(
    as_: As, incident: Incident, path: str, status: IncidentStatus, said: str
) -> None:
    address = f"/incidents/{incident.pk}/"
    client = as_("NOC")
    assert f"{address}{path}/" in text_of(client.get(address))
    answer = client.post(f"{address}{path}/", follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert said in text_of(answer)
    incident.refresh_from_db()
    assert incident.status == status


def test_what_cannot_be_done_any_more_is_told(as_: As, incident: Incident) -> None:
    address = f"/incidents/{incident.pk}/"
    client = as_("NOC")
    client.post(f"{address}resolve/")
    answer = client.post(f"{address}resolve/", headers={"referer": address}, follow=True)
    assert "This incident is resolved already." in text_of(answer)


def test_who_may_not_see_incidents_changes_none(as_: As, incident: Incident) -> None:
    for path in ("acknowledge", "resolve", "run"):
        assert as_("HELPDESK").post(f"/incidents/{incident.pk}/{path}/").status_code == 404
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.OPEN


@pytest.mark.parametrize("path", ["acknowledge", "resolve", "run"])
def test_nothing_is_changed_by_looking(as_: As, incident: Incident, path: str) -> None:
    assert as_("ADMIN").get(f"/incidents/{incident.pk}/{path}/").status_code == 405


@pytest.mark.parametrize(("mode", "is_dry_run"), [("run", False), ("dry-run", True), ("", True)])
def test_a_suggestion_is_run_with_what_the_labels_give(
    as_: As, incident: Incident, mode: str, is_dry_run: bool
) -> None:
    answer = run(as_("granted"), incident, mode=mode)
    execution = Execution.objects.get()
    assert answer["Location"] == f"/executions/{execution.pk}/"
    assert execution.is_dry_run is is_dry_run
    assert execution.parameters == {"path": "/tmp/x"}
    assert execution.server == incident.server
    assert execution.incident_id == incident.pk
    assert execution.reason == "For the incident: nginx is down"
    started = incident.timeline.last()
    assert started is not None
    assert started.execution == execution
    assert "of Mend a file started." in started.text


def test_to_htmx_a_run_is_a_redirect_of_the_browser(as_: As, incident: Incident) -> None:
    answer = run(as_("granted"), incident, headers=HTMX)
    assert answer["HX-Redirect"] == f"/executions/{Execution.objects.get().pk}/"


@pytest.mark.parametrize("runbook", ["", "GONE", "SAMPLE_DANGEROUS"])
def test_what_is_not_suggested_is_not_run(as_: As, incident: Incident, runbook: str) -> None:
    run(as_("granted"), incident, runbook)
    assert not Execution.objects.exists()


def test_without_the_server_a_suggestion_is_not_run(as_: As, incident: Incident) -> None:
    assert run(as_("NOC"), incident).status_code == 403
    assert not Execution.objects.exists()
    assert incident.timeline.count() == 1


def test_on_a_production_server_only_a_dry_run_starts_from_here(as_: As) -> None:
    incident = opened(server=makers.server(environment=Environment.PRODUCTION))
    address = f"/incidents/{incident.pk}/"
    client = as_("ADMIN")
    page = text_of(client.get(address))
    assert (
        "Production: the runbook's page asks for the server&#x27;s name" in page or "Run…" in page
    )
    answer = client.post(
        f"{address}run/",
        {"runbook_id": "SAMPLE_MENDING", "mode": "run"},
        headers={"referer": address},
        follow=True,
    )
    assert "is a production server: run it from the runbook" in text_of(answer)
    assert not Execution.objects.exists()
    run(client, incident, mode="dry-run")
    assert Execution.objects.get().is_dry_run


def test_the_list_costs_the_same_number_of_queries_however_long_it_is(
    as_: As, django_assert_max_num_queries: Any
) -> None:
    client = as_("NOC")
    for _ in range(6):
        opened()
    with django_assert_max_num_queries(6):
        client.get("/incidents/")


def test_a_timeline_costs_the_same_number_of_queries_however_long_it_is(
    as_: As, incident: Incident, django_assert_max_num_queries: Any
) -> None:
    client = as_("granted")
    for _ in range(4):
        run(client, incident, mode="dry-run")
    incident.status = IncidentStatus.RESOLVED
    incident.save()
    with django_assert_max_num_queries(8):
        client.get(f"/incidents/{incident.pk}/")


def test_incidents_in_the_admin_are_only_looked_at(incident: Incident) -> None:
    client = signed_in(makers.user("SUPER_ADMIN", is_staff=True, is_superuser=True))
    address = "/admin/incidents/incident/"
    assert "nginx is down" in text_of(client.get(address))
    assert client.get(f"{address}{incident.pk}/change/").status_code == 200
    assert client.post(f"{address}{incident.pk}/change/", {}).status_code == 403
    assert client.get(f"{address}add/").status_code == 403
    assert client.post(f"{address}{incident.pk}/delete/", {"post": "yes"}).status_code == 403
