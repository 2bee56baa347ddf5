"""While the database is away one request in two seconds finds out; others are refused at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client

from opsmanager.common import database_away
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


@contextmanager
def away() -> Iterator[list[str]]:
    """Let every question fail as when PostgreSQL is gone; return those that were asked."""
    asked: list[str] = []

    def fail(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        fault = OperationalError("connection failed")
        fault.__cause__ = psycopg.OperationalError("connection failed")
        raise fault

    with connection.execute_wrapper(fail):
        yield asked


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Client:
    # A busy machine may take its time between two requests.
    monkeypatch.setattr(database_away, "_TRY_SECONDS", 300.0)
    monkeypatch.setattr(database_away, "_BELIEVED_SECONDS", 300.0)
    return signed_in(user_with("NOC"), raise_request_exception=False)


@pytest.mark.parametrize("path", ["/servers/", "/api/v1/servers"])
def test_after_the_first_one_nobody_asks_for_a_moment(browser: Client, path: str) -> None:
    with away() as asked:
        first = browser.get(path)
        times = len(asked)
        second = browser.get(path)
    assert (first.status_code, second.status_code) == (503, 503)
    assert len(asked) == times > 0
    assert second["Retry-After"] == "10"
    assert "The database does not answer" in second.content.decode()
    assert browser.get(path).status_code == 503


def test_the_next_one_that_tries_finds_it_back(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with away() as asked:
        browser.get("/servers/")
        monkeypatch.setattr(database_away, "_TRY_SECONDS", 0.0)
        times = len(asked)
        assert browser.get("/servers/").status_code == 503
        assert len(asked) > times
    assert browser.get("/servers/").status_code == 200
    monkeypatch.setattr(database_away, "_TRY_SECONDS", 60.0)
    assert browser.get("/servers/").status_code == 200


def test_an_outage_of_long_ago_refuses_nobody(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with away():
        browser.get("/servers/")
    assert browser.get("/servers/").status_code == 503
    monkeypatch.setattr(database_away, "_BELIEVED_SECONDS", 0.0)
    assert browser.get("/servers/").status_code == 200


def test_whether_the_process_lives_is_answered_all_the_same(browser: Client) -> None:
    with away():
        browser.get("/servers/")
    assert browser.get("/healthz").status_code == 200


def test_a_statement_that_fails_says_nothing_of_the_others(browser: Client) -> None:
    def fail(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "servers_server" in sql:
            fault = OperationalError("deadlock")
            fault.__cause__ = psycopg.errors.DeadlockDetected("deadlock")
            raise fault
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        assert browser.get("/servers/").status_code == 500
    assert browser.get("/servers/").status_code == 200
