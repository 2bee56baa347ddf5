from datetime import UTC, datetime

import pytest
from django.db import connection

from opsmanager.audit import trail
from opsmanager.audit.models import AuditEvent
from opsmanager.common import tasks
from opsmanager.common.partitions import PARTITIONED_TABLES, make_partitions
from tests.support.audit import past_event

pytestmark = pytest.mark.django_db


def partitions_of(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
            [table],
        )
        return {name for (name,) in cursor.fetchall()}


def partition_with(event: AuditEvent) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM audit_auditevent WHERE seq = %s", [event.seq]
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize("table", PARTITIONED_TABLES)
def test_a_migrated_table_has_this_month_the_next_ones_and_a_default(table: str) -> None:
    names = partitions_of(table)
    now = datetime.now(UTC)
    assert f"{table}_{now:%Y_%m}" in names
    assert f"{table}_default" in names
    assert len(names) >= 5


def test_partitions_are_made_once_and_go_over_the_turn_of_the_year() -> None:
    december = datetime(2041, 12, 31, 23, 59, tzinfo=UTC)
    table = PARTITIONED_TABLES[1]
    made = make_partitions((table,), now=december, ahead=2)
    assert made == [f"{table}_2041_12", f"{table}_2042_01", f"{table}_2042_02"]
    assert make_partitions((table,), now=december, ahead=2) == []
    assert set(made) < partitions_of(table)


def test_a_month_is_counted_in_utc_whatever_the_clock_of_the_database() -> None:
    table = PARTITIONED_TABLES[1]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Pacific/Auckland'")
    make_partitions((table,), now=datetime(2041, 5, 15, tzinfo=UTC), ahead=0)
    for day, name in [
        (datetime(2041, 5, 1, tzinfo=UTC), f"{table}_2041_05"),
        (datetime(2041, 5, 31, 23, 59, 59, tzinfo=UTC), f"{table}_2041_05"),
        (datetime(2041, 6, 1, tzinfo=UTC), f"{table}_default"),
    ]:
        event = past_event(day)
        assert partition_with(event) == name


def test_a_row_of_today_is_not_in_the_default_partition() -> None:
    event = trail.record("TEST", actor=None)
    assert partition_with(event) == f"audit_auditevent_{event.at.astimezone(UTC):%Y_%m}"


def test_a_row_that_no_month_covers_is_still_taken() -> None:
    event = past_event(datetime(1999, 1, 1, tzinfo=UTC))
    assert partition_with(event) == "audit_auditevent_default"


def test_beat_makes_what_is_missing(settings) -> None:
    settings.AUTOMATION_PARTITIONS_AHEAD = 30
    before = {table: partitions_of(table) for table in PARTITIONED_TABLES}
    tasks.make_partitions()
    for table in PARTITIONED_TABLES:
        assert partitions_of(table) > before[table]
