"""The version of a row is another one after each change, and the same without one."""

import pytest
from django.db import transaction
from django.db.models import F

from automation.models import Execution
from opsmanager.common.row_version import RowVersion
from servers.models import Server
from tests.automation import makers
from tests.automation.conftest import library, rows
from tests.automation.runner.conftest import committed, db

__all__ = ["committed", "db", "library", "rows"]


@pytest.fixture
def execution(committed: None) -> Execution:
    return makers.execution()


def versions(execution: Execution) -> tuple[str, str, str | None]:
    """Return those of the execution, of its server, and of a batch that it is not of."""
    columns = map(RowVersion, ("revision", "server__name", "batch__reason"))
    return Execution.objects.filter(pk=execution.pk).values_list(*columns).get()  # type: ignore[return-value]


def test_a_row_that_nobody_changed_has_the_same(execution: Execution) -> None:
    first = versions(execution)
    makers.execution()
    assert versions(execution) == first
    assert all(first[:2])
    assert first[2] is None


def test_each_change_makes_another_one_of_that_row_alone(execution: Execution) -> None:
    seen = [versions(execution)]
    for _ in range(3):
        with transaction.atomic():
            for _ in range(3):
                Execution.objects.filter(pk=execution.pk).update(revision=F("revision"))
                seen.append(versions(execution))
    assert len({own for own, _, _ in seen}) == len(seen)
    assert len({server for _, server, _ in seen}) == 1


def test_a_change_of_a_row_beside_it_is_seen(execution: Execution) -> None:
    own, server, _ = versions(execution)
    Server.objects.filter(pk=execution.server_id).update(name="renamed")
    assert versions(execution)[0] == own
    assert versions(execution)[1] != server
