from typing import Any

import pytest

from automation.models import CatalogEntry
from opsmanager.home import often
from servers.models import Server
from tests.automation import makers
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def web1() -> Server:
    return servers.server("web1")


def ran(server: Server, runbook: str, times: int, **fields: Any) -> None:
    for _ in range(times):
        makers.execution(server=server, runbook=runbook, **fields)


def names(role: str = "NOC") -> list[str]:
    return [entry.runbook_id for entry in often.run_often(user_with(role, name=f"a-{role}"))]


def test_what_was_run_most_of_late_comes_first_and_others_after_it(web1: Server) -> None:
    ran(web1, "LOG_ROTATION", 1)
    ran(web1, "SERVICE_RESTART", 3)
    ran(web1, "DISK_CLEANUP", 5, is_dry_run=True)

    assert names()[:2] == ["SERVICE_RESTART", "LOG_ROTATION"]
    # Of those that did not run, first what is for an emergency.
    assert names("ADMIN")[2:] == ["HEALTH_CHECK", "PROCESS_KILL", "FILE_BACKUP", "DISK_CLEANUP"]


def test_what_one_ran_oneself_comes_before_what_others_ran(web1: Server) -> None:
    ran(web1, "SERVICE_RESTART", 3)
    nora = user_with("NOC", name="nora")
    ran(web1, "FILE_BACKUP", 1, triggered_by_user=nora)

    found = [entry.runbook_id for entry in often.run_often(nora)]
    assert found[:2] == ["FILE_BACKUP", "SERVICE_RESTART"]


def test_a_runbook_that_is_switched_off_is_not_offered(web1: Server) -> None:
    ran(web1, "SERVICE_RESTART", 3)
    CatalogEntry.objects.filter(runbook_id="SERVICE_RESTART").update(is_active=False)

    assert "SERVICE_RESTART" not in names()


@pytest.mark.parametrize("role", ["HELPDESK", "HR"])
def test_who_may_not_run_any_is_offered_none(web1: Server, role: str) -> None:
    assert names(role) == []


def test_the_home_page_leads_to_them(web1: Server) -> None:
    page = signed_in(user_with("NOC")).get("/").content.decode()

    assert 'id="often"' in page
    assert "/runbooks/SERVICE_RESTART/" in page


@pytest.mark.parametrize(
    ("role", "said"), [("ADMIN", "Add the first server"), ("HELPDESK", "An administrator adds")]
)
def test_without_a_server_the_home_page_says_the_first_step(role: str, said: str) -> None:
    page = signed_in(user_with(role)).get("/").content.decode()

    assert said in page
    assert 'id="often"' not in page
