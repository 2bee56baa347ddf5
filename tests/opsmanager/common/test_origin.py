import pytest
from django.db import connection

from opsmanager.common import origin
from opsmanager.common.models import Origin

pytestmark = pytest.mark.django_db


def test_a_database_that_nobody_worked_with_is_no_restored_one() -> None:
    assert not origin.is_foreign()


def test_a_database_is_known_where_it_was_noted() -> None:
    origin.note()
    origin.note()
    assert not origin.is_foreign()
    assert str(Origin.objects.get()) == "database {1} of cluster {0}".format(
        *origin.name().split(":")
    )


@pytest.mark.parametrize("changed", ["cluster", "database"])
def test_rows_of_another_database_are_foreign_until_it_is_accepted(changed: str) -> None:
    origin.note()
    Origin.objects.update(**{changed: 7})
    assert origin.is_foreign()
    origin.note()
    assert origin.is_foreign()
    origin.accept()
    assert not origin.is_foreign()


def test_what_is_doubted_is_foreign_whether_it_was_noted_or_not() -> None:
    origin.doubt()
    assert origin.is_foreign()
    origin.accept()
    origin.doubt()
    assert origin.is_foreign()


def test_a_name_is_of_this_database_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        (oid,) = cursor.fetchone()
    assert origin.name().endswith(f":{oid}")
