"""What is asked for again is answered as before by one query, until anything of it has changed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from automation.engine.results import Status
from automation.models import CatalogEntry, Execution
from opsmanager.accounts import api_logins
from opsmanager.accounts.models import User
from servers.models import Server
from tests.automation import makers
from tests.automation.api.conftest import API
from tests.support.api_tokens import made, program

PLACES = ("", "/logs", "/logs?after=1&limit=5")


@pytest.fixture
def reader(rows: None) -> User:
    return makers.user("HELPDESK")


@pytest.fixture
def execution(reader: User) -> Execution:
    execution = makers.execution(
        status=Status.SUCCESS, waiting_since=None, triggered_by_user=makers.somebody(), last_seq=2
    )
    for seq in (1, 2):
        makers.log_row(execution, seq)
    return execution


def with_login(user: User) -> Client:
    return program(api_logins.begin(user, address=None, agent="a test").access)


def with_api_token(user: User) -> Client:
    return program(made(user)[1])


def read(client: Client, execution: Execution, place: str = "", **headers: str) -> Any:
    return client.get(f"{API}/executions/{execution.pk}{place}", headers=headers or None)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("client_of", [with_login, with_api_token])
def test_asked_again_it_is_the_same_by_one_query(
    client_of: Callable[[User], Client], reader: User, execution: Execution, place: str
) -> None:
    client = client_of(reader)
    first = read(client, execution, place)
    with CaptureQueriesContext(connection) as captured:
        again = read(client, execution, place)
    assert len(captured) == 1
    assert (again.status_code, again.content) == (200, first.content)
    differing = {"X-Request-ID"}
    assert {
        name for name, value in again.headers.items() if first.headers.get(name) != value
    } == differing
    assert again.headers.keys() == first.headers.keys()


def renamed_server(execution: Execution) -> None:
    Server.objects.filter(pk=execution.server_id).update(name="renamed")


def renamed_runbook(execution: Execution) -> None:
    CatalogEntry.objects.filter(pk=execution.runbook_id).update(title="Renamed")


def renamed_user(execution: Execution) -> None:
    User.objects.filter(pk=execution.triggered_by_user_id).update(username="renamed")


def user_gone(execution: Execution) -> None:
    Execution.objects.filter(pk=execution.pk).update(triggered_by_user=None)


def said_to_have_failed(execution: Execution) -> None:
    Execution.objects.filter(pk=execution.pk).update(status=Status.FAILED)


def approval_asked(execution: Execution) -> None:
    makers.approval(execution)


def queued_again(execution: Execution) -> None:
    Execution.objects.filter(pk=execution.pk).update(
        status=Status.PENDING, waiting_since=F("queued_at")
    )


CHANGES = (
    renamed_server,
    renamed_runbook,
    renamed_user,
    user_gone,
    said_to_have_failed,
    approval_asked,
    queued_again,
)


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_shows_at_once(
    reader: User, execution: Execution, change: Callable[[Execution], None]
) -> None:
    client = with_login(reader)
    before = read(client, execution).json()
    change(execution)
    shown = read(client, execution).json()
    assert shown != before
    # Another one who asks for the first time, and nothing is kept for a browser.
    assert shown == read(with_login(reader), execution).json()


def test_what_waits_is_looked_at_each_time(reader: User, execution: Execution) -> None:
    queued_again(execution)
    client = with_login(reader)
    assert read(client, execution).json()["execution"]["waitingFor"]
    Server.objects.filter(pk=execution.server_id).update(zone="nowhere")
    assert "nowhere" in read(client, execution).json()["execution"]["waitingFor"]


def test_a_row_more_of_its_log_shows_at_once(reader: User, execution: Execution) -> None:
    client = with_login(reader)
    assert len(read(client, execution, "/logs").json()["logs"]) == 2
    makers.log_row(execution, 3)
    # As the journal does, in the same transaction.
    Execution.objects.filter(pk=execution.pk).update(revision=F("revision") + 1, last_seq=3)
    assert len(read(client, execution, "/logs").json()["logs"]) == 3


def test_parts_of_a_log_are_kept_apart(reader: User, execution: Execution) -> None:
    client = with_login(reader)
    for _ in range(2):
        assert len(read(client, execution, "/logs").json()["logs"]) == 2
        assert len(read(client, execution, "/logs?after=1").json()["logs"]) == 1
        assert "execution" in read(client, execution).json()


def test_one_that_was_deleted_is_gone(reader: User, execution: Execution) -> None:
    client = with_login(reader)
    assert read(client, execution).status_code == 200
    Execution.objects.filter(pk=execution.pk).delete()
    assert [read(client, execution, place).status_code for place in PLACES] == [404] * 3


def test_it_is_shown_to_nobody_who_may_not_see_it(reader: User, execution: Execution) -> None:
    assert read(with_login(reader), execution).status_code == 200
    stranger = makers.user("HR")
    elsewhere = program(made(reader, server_ids=[str(makers.server().pk)])[1])
    for client in (with_login(stranger), elsewhere):
        assert read(client, execution).status_code == 404
        assert read(client, execution, "/logs").status_code == 404
    here = program(made(reader, server_ids=[str(execution.server_id)])[1])
    assert read(here, execution).status_code == 200


def test_a_client_that_has_it_already_is_told_so(reader: User, execution: Execution) -> None:
    client = with_login(reader)
    for place in PLACES:
        etag = read(client, execution, place)["ETag"]
        assert read(client, execution, place, **{"If-None-Match": etag}).status_code == 304


def test_json_is_indented_for_who_asks_for_it(reader: User, execution: Execution) -> None:
    client = with_login(reader)
    plain = read(client, execution)
    wide = read(client, execution, accept="application/json; indent=4")
    assert b"\n" not in plain.content
    assert wide.content.startswith(b'{\n    "execution"')
    assert wide.json() == plain.json()
