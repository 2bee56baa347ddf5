"""A migration as a later release may bring it, in the database of code that knows nothing of it.

Run beside a world, with the owner's environment: it adds a column and two indexes, and takes them
away.
"""

from typing import Final

import django
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration

django.setup()

from opsmanager.common.database_owner import as_owner  # noqa: E402
from opsmanager.common.indexes import AddIndexInUse, AddIndexToPartitions  # noqa: E402

APP: Final = "automation"


class Expand(Migration):
    """A column that old code need not give."""

    operations = [
        migrations.AddField(
            "execution", "ticket", models.CharField(max_length=40, default="", db_default="")
        ),
    ]


class Index(Migration):
    """Indexes on the two largest tables, made while they are in use."""

    atomic = False
    operations = [
        AddIndexInUse("execution", models.Index(fields=["ticket"], name="execution_ticket")),
        AddIndexToPartitions(
            "executionlog", models.Index(fields=["status"], name="executionlog_status")
        ),
    ]


def main() -> None:
    """Migrate there and back, as the role that owns the tables."""
    with as_owner():
        _migrate()


def _migrate() -> None:
    state = MigrationLoader(connection).project_state()
    done = []
    for kind in (Expand, Index):
        migration = kind(kind.__name__.lower(), APP)
        before = state.clone()
        with connection.schema_editor(atomic=migration.atomic) as editor:
            state = migration.apply(state, editor)
        done.append((before, migration))
    for before, migration in reversed(done):
        with connection.schema_editor(atomic=migration.atomic) as editor:
            migration.unapply(before, editor)


if __name__ == "__main__":
    main()
