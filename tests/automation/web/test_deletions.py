from collections.abc import Callable

import pytest
from django.test import Client

from automation.engine.results import Status
from automation.models import Execution
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.models import User
from servers.models import Server
from tests.automation import makers
from tests.automation.web.test_executions import words
from tests.automation.web.test_runbooks import text_of

As = Callable[[str], Client]
Persona = Callable[[str], User | None]


@pytest.fixture
def ended(server: Server) -> Execution:
    return makers.execution(server=server, status=Status.FAILED, age_minutes=60)


@pytest.fixture
def manager(persona: Persona, as_: As, server: Server) -> Client:
    """A manager who may operate the server."""
    permissions.grant(persona("manager"), roles.OPERATE_SERVERS, server)
    return as_("manager")


def address(execution: Execution) -> str:
    return f"/executions/{execution.pk}/delete/"


def test_first_it_is_said_what_goes_and_nothing_happens(manager: Client, ended: Execution) -> None:
    makers.log_row(ended, 1)
    assert address(ended) in text_of(manager.get(f"/executions/{ended.pk}/"))
    page = words(text_of(manager.get(address(ended))))
    assert f"<strong>Mend a file</strong> on <strong>{ended.server.name}</strong>" in page
    assert "which ended FAILED, with its result and its log of 1 row." in page
    assert "Delete it for good" in page
    assert Execution.objects.exists()


def test_then_it_is_deleted_and_the_list_says_so(manager: Client, ended: Execution) -> None:
    answer = manager.post(address(ended), follow=True)
    assert answer.redirect_chain == [("/executions/", 302)]
    assert f"Deleted: Mend a file on {ended.server.name}" in text_of(answer)
    assert not Execution.objects.exists()
    assert manager.post(address(ended)).status_code == 404


@pytest.mark.parametrize("name", ["granted", "manager", "helpdesk"])
def test_who_may_not_is_not_offered_it(as_: As, ended: Execution, name: str) -> None:
    assert address(ended) not in text_of(as_(name).get(f"/executions/{ended.pk}/"))
    assert as_(name).get(address(ended)).status_code == 403
    assert as_(name).post(address(ended)).status_code == 403
    assert Execution.objects.exists()


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.UNKNOWN])
def test_what_lives_is_not_offered_and_the_page_says_why(
    as_: As, server: Server, status: Status
) -> None:
    execution = makers.execution(server=server, status=status, age_minutes=60)
    assert address(execution) not in text_of(as_("admin").get(f"/executions/{execution.pk}/"))
    page = text_of(as_("admin").get(address(execution)))
    assert "It can&#x27;t be deleted now" in page or "It can't be deleted now" in page
    assert "Delete it for good" not in page
    told = as_("admin").post(
        address(execution), headers={"referer": address(execution)}, follow=True
    )
    assert "then delete it." in text_of(told)
    assert Execution.objects.exists()
