import pytest
from django.test import Client

from automation.engine.results import Status
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
        "timeout_seconds": "60",
        "max_retries": "3",
        "cooldown_minutes": "10",
    }
    assert client.post(page, sent).status_code == 302

    entry.refresh_from_db()
    assert (entry.dangerous, entry.timeout_seconds) == (True, 60)
    event = makers.last_event("AUTOMATION_RUNBOOK_CONFIGURED")
    assert (event.actor_name, event.target_name) == (root.username, "SAMPLE_MENDING")
    assert event.details == {"changed": {"dangerous": True, "timeout_seconds": 60}}


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
