import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Schedule, Template
from opsmanager.accounts.models import User
from tests.automation import makers
from tests.support import servers
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

RUNBOOKS = "/admin/automation/catalogentry/"
EXECUTIONS = "/admin/automation/execution/"


@pytest.fixture
def root() -> User:
    return makers.user("SUPER_ADMIN", is_staff=True, is_superuser=True)


@pytest.fixture
def client(root: User) -> Client:
    return signed_in(root)


def test_configuring_a_runbook_is_audited(client: Client, root: User) -> None:
    entry = makers.entry()
    page = f"{RUNBOOKS}{entry.pk}/change/"
    assert client.get(page).status_code == 200
    sent = {
        "is_active": "on",
        "dangerous": "on",
        "approvals": "1",
        "timeout_seconds": "60",
        "max_retries": "3",
        "cooldown_minutes": "10",
    }
    assert client.post(page, sent).status_code == 302

    entry.refresh_from_db()
    assert (entry.dangerous, entry.approvals, entry.timeout_seconds) == (True, 1, 60)
    event = makers.last_event("AUTOMATION_RUNBOOK_CONFIGURED")
    assert (event.actor_name, event.target_name) == (root.username, "SAMPLE_MENDING")
    changed = {"dangerous": True, "approvals": 1, "timeout_seconds": 60}
    assert event.details == {"changed": changed}


@pytest.mark.parametrize(("action", "is_active"), [("switch_on", True), ("switch_off", False)])
def test_runbooks_are_switched_on_and_off_together(
    client: Client, action: str, is_active: bool
) -> None:
    entry = makers.entry(is_active=not is_active)
    chosen = {"action": action, "_selected_action": [str(entry.pk)]}
    client.post(RUNBOOKS, {**chosen, "sure": "yes"})
    entry.refresh_from_db()
    assert entry.is_active is is_active
    event = makers.last_event("AUTOMATION_RUNBOOK_CONFIGURED")
    assert event.details == {"changed": {"is_active": is_active}}


def test_before_runbooks_are_switched_off_the_page_asks(client: Client) -> None:
    entry = makers.entry()
    chosen = {"action": "switch_off", "_selected_action": [str(entry.pk)]}
    page = client.post(RUNBOOKS, chosen).content.decode()
    assert "Switch these runbooks off?" in page
    assert "Nobody can run them any more" in page
    assert f'value="{entry.pk}"' in page
    entry.refresh_from_db()
    assert entry.is_active


def test_a_runbook_that_is_dangerous_is_seen_to_be(client: Client) -> None:
    makers.entry(dangerous=True)
    page = client.get(f"{RUNBOOKS}?q=SAMPLE_MENDING").content.decode()
    assert "Dangerous" in page
    assert "icons.svg#alert" in page


def test_runbooks_are_neither_added_nor_deleted_here(client: Client) -> None:
    entry = makers.entry()
    assert client.get(f"{RUNBOOKS}add/").status_code == 403
    assert client.post(f"{RUNBOOKS}{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_executions_are_only_looked_at(client: Client) -> None:
    execution = makers.execution(status=Status.SUCCESS)
    assert str(execution.pk) in client.get(EXECUTIONS).content.decode()
    assert client.get(f"{EXECUTIONS}{execution.pk}/change/").status_code == 200
    assert client.post(f"{EXECUTIONS}{execution.pk}/change/", {}).status_code == 403
    assert client.get(f"{EXECUTIONS}add/").status_code == 403
    assert client.post(f"{EXECUTIONS}{execution.pk}/delete/", {"post": "yes"}).status_code == 403


def test_executions_are_searched_as_on_their_own_page(client: Client) -> None:
    server = servers.server("payments")
    execution = makers.execution(server=server, status=Status.FAILED)
    other = makers.execution(status=Status.SUCCESS)
    shown = client.get(f"{EXECUTIONS}?q=payments").content.decode()
    assert str(execution.pk) in shown
    assert str(other.pk) not in shown
    assert "Failed" in shown
    leads = client.get(f"{EXECUTIONS}{execution.pk}/change/").content.decode()
    assert f'href="/executions/{execution.pk}/"' in leads


def test_who_is_no_administrator_stays_outside() -> None:
    assert signed_in(makers.admin()).get(RUNBOOKS).status_code == 200
    answer = signed_in(makers.user("NOC")).get(RUNBOOKS)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def schedule() -> Schedule:
    return Schedule.objects.create(
        name="Nightly",
        runbook=makers.entry(),
        server=makers.server(),
        parameters={"path": "/tmp/x"},
        cron_expression="15 3 * * *",
    )


def sent(**more: str) -> dict[str, str]:
    own = {"name": "Nightly", "cron_expression": "15 3 * * *", "timezone": "UTC"}
    how = {"missed": "RUN_ONCE", "overlap": "SKIP", "priority": "2", "is_active": "on"}
    return {**own, **how, **more}


def test_a_schedule_is_changed_through_its_service(client: Client, root: User) -> None:
    row = schedule()
    page = f"/admin/automation/schedule/{row.pk}/change/"
    assert client.get(page).status_code == 200
    change = sent(cron_expression="0 4 * * *", timezone="Europe/Berlin", missed="SKIP")
    assert client.post(page, change).status_code == 302
    row.refresh_from_db()
    assert (row.cron_expression, row.timezone, row.missed) == ("0 4 * * *", "Europe/Berlin", "SKIP")
    assert (row.owner, row.parameters) == (root, {"path": "/tmp/x"})
    assert makers.last_event("AUTOMATION_SCHEDULE_UPDATED").target_name == "Nightly"
    del change["is_active"]
    client.post(page, change)
    assert makers.last_event("AUTOMATION_SCHEDULE_PAUSED").target_name == "Nightly"


@pytest.mark.parametrize(
    ("more", "said"),
    [({"cron_expression": "61 * * * *"}, "cron_expression"), ({"timezone": "Berlin"}, "Berlin")],
)
def test_a_time_that_is_none_is_told_beside_its_field(
    client: Client, more: dict[str, str], said: str
) -> None:
    row = schedule()
    answer = client.post(f"/admin/automation/schedule/{row.pk}/change/", sent(**more))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    row.refresh_from_db()
    assert (row.cron_expression, row.timezone) == ("15 3 * * *", "UTC")


def test_a_template_is_changed_and_deleted_through_its_service(client: Client) -> None:
    row = Template.objects.create(
        name="Mend x", runbook=makers.entry(), parameters={"path": "/tmp/x"}
    )
    page = f"/admin/automation/template/{row.pk}/"
    assert client.get(f"{page}change/").status_code == 200
    client.post(f"{page}change/", {"name": "Mend it", "description": "On Fridays"})
    row.refresh_from_db()
    assert (row.name, row.parameters) == ("Mend it", {"path": "/tmp/x"})
    assert makers.last_event("AUTOMATION_TEMPLATE_UPDATED").target_name == "Mend it"
    client.post(f"{page}delete/", {"post": "yes"})
    assert makers.last_event("AUTOMATION_TEMPLATE_DELETED").target_name == "Mend it"
