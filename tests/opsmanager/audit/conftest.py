"""Rows that other connections see, and a role that may only add to the trail."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from automation import catalog
from automation.engine.registry import Registry
from tests.automation.runner.committed import delete_all
from tests.automation.samples import SAMPLES
from tests.support.database_roles import application_role


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the test commit; by its name it has pytest-django make the test database."""
    with django_db_blocker.unblock():
        assert str(connection.settings_dict["NAME"]).startswith("test_")
        yield
        delete_all()
        connection.close()


@pytest.fixture
def committed(db: None) -> None:
    """Commit what the test writes, and delete it afterwards."""


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the tests' own runbooks their rows."""
    both = Registry()
    for runbook in (*catalog.runbooks(), *SAMPLES):
        both.add(runbook)
    monkeypatch.setattr(catalog, "runbooks", lambda: both)
    catalog.sync()


@pytest.fixture
def app(committed: None) -> Iterator[psycopg.Connection]:
    """A connection of the application's role, where another one owns the tables."""
    with application_role() as connection:
        yield connection
