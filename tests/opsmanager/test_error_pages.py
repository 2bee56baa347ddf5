"""A person who meets an error is told what to do next, and nothing of what happened inside."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.test import Client

from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


def failing_with(fault: Exception, *, table: str) -> Iterator[None]:
    def fail(execute, sql, params, many, context):
        if table in sql:
            raise fault
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


@pytest.fixture
def failing() -> Iterator[None]:
    """A fault that no code foresees: the first question to the database about a server."""
    yield from failing_with(RuntimeError("hunter2 at 10.0.0.7"), table="servers_server")


@pytest.fixture
def without_database() -> Iterator[None]:
    """Every question fails as psycopg says it when PostgreSQL is gone."""
    fault = OperationalError("connection failed: hunter2 at 10.0.0.7")
    fault.__cause__ = psycopg.OperationalError("connection failed: hunter2 at 10.0.0.7")
    yield from failing_with(fault, table="")


@pytest.fixture
def contact(settings: LazySettings) -> str:
    """Whom one may ask here."""
    settings.CONTACT = "the platform team, #ops"
    return settings.CONTACT


@pytest.mark.usefixtures("failing")
def test_a_fault_of_our_own_is_a_page_that_says_so_and_nothing_more(contact: str) -> None:
    browser = signed_in(user_with("NOC"), raise_request_exception=False)
    answer = browser.get("/servers/")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "OpsManager failed at this" in text
    assert contact in text
    assert f'class="request-id">{answer["X-Request-ID"]}<' in text
    assert "hunter2" not in text
    assert "Traceback" not in text


@pytest.mark.usefixtures("failing")
def test_a_fault_of_our_own_in_the_api_has_its_form_and_nothing_more() -> None:
    browser = signed_in(user_with("NOC"), raise_request_exception=False)
    answer = browser.get("/api/v1/servers")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert "hunter2" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/servers/", "/nowhere/"])
def test_without_the_database_a_page_says_so_and_offers_to_try_again(
    path: str, request: pytest.FixtureRequest
) -> None:
    browser = signed_in(user_with("NOC"), raise_request_exception=False)
    request.getfixturevalue("without_database")
    answer = browser.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    text = answer.content.decode()
    assert "The database does not answer" in text
    assert "Try again" in text
    assert "hunter2" not in text


def test_a_statement_that_fails_in_a_database_that_is_there_is_a_fault_of_our_own() -> None:
    fault = OperationalError("deadlock")
    fault.__cause__ = psycopg.errors.DeadlockDetected("deadlock")
    browser = signed_in(user_with("NOC"), raise_request_exception=False)
    for _ in failing_with(fault, table="servers_server"):
        assert browser.get("/servers/").status_code == 500


@pytest.mark.parametrize("client", ["anonymous", "signed in"])
def test_an_address_that_leads_nowhere_is_a_page(client: str) -> None:
    browser = Client() if client == "anonymous" else signed_in(user_with("NOC"))
    answer = browser.get("/nowhere/")
    assert answer.status_code == 404
    text = answer.content.decode()
    assert "There is nothing here" in text
    assert 'href="/"' in text
    assert ("Search for it" in text) == (client == "signed in")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/incident/7/", '<a href="/incidents/">Incidents</a>'),
        ("/Executions", '<a href="/executions/">Executions</a>'),
        ("/exections/now/", '<a href="/executions/">Executions</a>'),
        ("/server/web-1", '<a href="/servers/">Servers</a>'),
        ("/servers/not-an-id/", '<a href="/servers/">Servers</a>'),
    ],
)
def test_an_address_with_a_slip_leads_to_what_was_meant(path: str, meant: str) -> None:
    answer = signed_in(user_with("NOC")).get(path)
    assert answer.status_code == 404
    assert f"Did you mean {meant}?" in answer.content.decode()


def test_an_address_like_none_of_ours_is_not_guessed_at() -> None:
    answer = signed_in(user_with("NOC")).get("/wp-login.php")
    assert answer.status_code == 404
    assert "Did you mean" not in answer.content.decode()


def test_below_the_api_an_address_that_leads_nowhere_has_its_form() -> None:
    answer = Client().get("/api/v2/servers")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert "/api/v1/docs/" in answer.json()["message"]


def test_what_is_gone_is_said_in_a_sentence_with_ways_on() -> None:
    answer = signed_in(user_with("NOC")).get("/executions/00000000-0000-0000-0000-000000000007/")
    assert answer.status_code == 404
    text = answer.content.decode()
    assert "There is no such execution, or you may not see it." in text
    assert 'href="/executions/"' in text


def test_a_refusal_says_who_one_is_which_roles_may_and_whom_to_ask(contact: str) -> None:
    answer = signed_in(user_with("HELPDESK", name="hanna")).get("/incidents/")
    assert answer.status_code == 403
    text = " ".join(answer.content.decode().split())
    assert "<strong>hanna</strong>" in text
    assert "HELPDESK" in text
    assert "one of the roles SUPER_ADMIN, ADMIN, MANAGER, NOC" in text
    assert contact in text


def test_a_form_from_before_the_login_is_refused_with_the_way_back() -> None:
    browser = signed_in(user_with("NOC"), enforce_csrf_checks=True)
    page = "http://testserver/account/"
    answer = browser.post("/account/password/", {}, headers={"referer": page})
    assert answer.status_code == 403
    text = answer.content.decode()
    assert "This page was open for too long" in text
    assert f'href="{page}"' in text


@pytest.mark.parametrize("page", ["https://evil.example/", "javascript:alert(1)", "//evil.example"])
def test_the_way_back_leads_to_our_own_pages_only(page: str) -> None:
    answer = signed_in(user_with("NOC")).get("/nowhere/", headers={"referer": page})
    text = answer.content.decode()
    assert "Back to where you were" not in text
    assert "evil.example" not in text


def test_the_address_of_a_button_says_that_it_is_one() -> None:
    address = "/executions/00000000-0000-0000-0000-000000000007/cancel/"
    answer = signed_in(user_with("NOC")).get(address)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Nothing was done now." in answer.content.decode()


def test_what_is_too_large_is_said_with_its_limit(settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2048
    answer = signed_in(user_with("NOC")).post("/guard/", {"command": "x" * 4000})
    assert answer.status_code == 413
    text = answer.content.decode()
    assert "That is too much at once" in text
    assert "at most 2 KiB" in text


def test_a_host_that_is_not_ours_is_refused() -> None:
    answer = Client().get("/login/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
    assert "<h1>" in answer.content.decode()


def test_the_login_says_whom_to_ask(contact: str) -> None:
    assert contact in Client().get("/login/").content.decode()
