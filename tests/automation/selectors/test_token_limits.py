"""What an API token leaves of executions, batches and incidents: those of its servers, whole."""

import pytest

from automation.engine.results import Status
from automation.models import Batch, Execution
from automation.selectors import batches, executions, monitor
from incidents.selectors import incidents
from opsmanager.accounts import roles
from opsmanager.accounts.models import User
from opsmanager.common.problems import NotFound
from servers.models import Server
from tests.automation import makers
from tests.incidents.makers import incident
from tests.support.api_tokens import by_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def server() -> Server:
    return makers.server()


@pytest.fixture
def other() -> Server:
    return makers.server()


@pytest.fixture
def by(server: Server) -> User:
    """An administrator's token for one server."""
    return by_token(makers.admin(), server_ids=[server.pk])


def batch(*on: Server, **fields: object) -> Batch:
    made = Batch.objects.create(runbook=makers.entry(), **fields)
    for server in on:
        makers.execution(batch=made, server=server, status=Status.SUCCESS)
    return made


def test_executions_on_other_servers_are_not_there(by: User, server: Server, other: Server) -> None:
    mine, theirs = makers.execution(server=server), makers.execution(server=other)
    assert list(executions.visible_to(by)) == [mine]
    with pytest.raises(NotFound):
        executions.get(by, theirs.pk)


def test_no_executions_without_the_permission(server: Server) -> None:
    makers.execution(server=server)
    by = by_token(makers.admin(), permissions=[roles.VIEW_SERVERS])
    assert not executions.visible_to(by).exists()
    assert not batches.visible_to(by).exists()
    assert not incidents.visible_to(by).exists()


def test_a_batch_is_there_when_all_of_it_is(by: User, server: Server, other: Server) -> None:
    inside, _half, _outside = batch(server), batch(server, other), batch(other)
    assert list(batches.visible_to(by)) == [inside]
    assert batches.visible_to(makers.admin()).count() == 3


def test_a_batch_that_was_refused_elsewhere_is_not_there(by: User, server: Server) -> None:
    refusals = [{"server_id": "x", "server_name": "db1", "code": "", "message": ""}]
    batch(server, refusals=refusals)
    batch(refusals=refusals)
    batch()
    assert not batches.visible_to(by).exists()


def test_its_own_batch_is_there_with_its_refusals(by: User, server: Server, other: Server) -> None:
    assert by.token is not None
    refusals = [{"server_id": str(server.pk), "server_name": "a", "code": "", "message": ""}]
    own = batch(refusals=refusals, api_token_id=by.token.pk)
    assert list(batches.visible_to(by)) == [own]
    makers.execution(batch=own, server=other)
    assert not batches.visible_to(by).exists()


def test_incidents_of_other_servers_or_none_are_not_there(
    by: User, server: Server, other: Server
) -> None:
    mine, _theirs, _nowhere = incident(server=server), incident(server=other), incident(server=None)
    assert list(incidents.visible_to(by)) == [mine]
    assert list(incidents.open_for(by)) == [mine]


def test_an_execution_knows_its_token_and_says_so(server: Server) -> None:
    said = monitor.sentence(makers.execution(server=server, api_token_name="ci bot"))
    assert "started by somebody with the API token ci bot" in said
    assert Execution.objects.get().api_token_id is None
