"""Tables partitioned by month: as a migration makes them, and as time goes on."""

from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

import structlog
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ProjectState

from opsmanager.common import locks

log = structlog.get_logger(__name__)

PARTITIONED_TABLES = ("automation_executionlog", "audit_auditevent", "audit_sealmember")
"""Each has a range partition a month and a default one, which catches what no month covers."""


class CreatePartitionedModel(CreateModel):
    """Create a model's table partitioned by the month of its column ``partition_by``.

    Its first partitions and the default one are made at once, so that it can take rows.
    """

    partition_by = ""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the table, and its partitions for this month and the next ones."""
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{plain} PARTITION BY RANGE ({self.partition_by})"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table  # noqa: SLF001 - Django's public API
        schema_editor.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
        for first, after in _months(datetime.now(UTC), settings.AUTOMATION_PARTITIONS_AHEAD + 1):
            schema_editor.execute(
                f"CREATE TABLE {table}_{first:%Y_%m} PARTITION OF {table} "
                f"FOR VALUES FROM ('{first.isoformat()}') TO ('{after.isoformat()}')"
            )


def _months(first: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """Return begin and end of so many months, from that of ``first`` on."""
    months = []
    year, month = first.year, first.month
    for _ in range(count + 1):
        months.append(datetime(year, month, 1, tzinfo=UTC))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return list(pairwise(months))


def make_partitions(
    tables: tuple[str, ...] = PARTITIONED_TABLES,
    *,
    now: datetime | None = None,
    ahead: int | None = None,
) -> list[str]:
    """Make the partitions of this month and of the next ``ahead`` ones that are missing.

    Returns the names of those made. Safe to call at any time, from any number of processes. The
    database's own function makes them, for this role need not own the tables. Where others hold a
    table for long, as a backup does, its partitions are left to the next time.
    """
    ahead = settings.AUTOMATION_PARTITIONS_AHEAD if ahead is None else ahead
    made = []
    for table in tables:
        for first, _after in _months(now or datetime.now(UTC), ahead + 1):
            try:
                name = locks.patiently(partial(_made, table, first))
            except OperationalError as problem:
                reason = str(problem).partition("\n")[0]
                log.warning(
                    "partition not made", month=f"{first:%Y-%m}", table=table, reason=reason
                )
                break
            if name is not None:
                made.append(name)
    return made


def _made(table: str, month: datetime) -> str | None:
    """Make one partition; return its name, or ``None`` where it was there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_month_partition(%s, %s)", [table, month.date()])
        name: str | None = cursor.fetchone()[0]
    return name
