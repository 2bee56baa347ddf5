"""Migrations that make an index while the table is read and written on.

Both can be run again after they were interrupted, which leaves an index behind that is not used.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Table
from django.db.migrations.state import ProjectState

_LEAVES = """
SELECT relid::regclass::text FROM pg_partition_tree(%s) WHERE isleaf
   AND NOT EXISTS (SELECT FROM pg_index x JOIN pg_inherits i ON i.inhrelid = x.indexrelid
                    WHERE x.indrelid = relid AND i.inhparent = to_regclass(quote_ident(%s)))
"""


class AddIndexInUse(AddIndexConcurrently):
    """Make an index with CREATE INDEX CONCURRENTLY; the migration has ``atomic = False``."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove what an interrupted try left, and make it."""
        self._ensure_not_in_transaction(schema_editor)
        _drop(schema_editor, self.index.name)
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddIndexToPartitions(AddIndexInUse):
    """Make an index on a partitioned table, where PostgreSQL has no CONCURRENTLY of its own.

    First an empty one on the table itself, which partitions to come take over; then one on each
    partition, concurrently; the table's becomes good when the last one has been attached.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove what an interrupted try left, and make all of them."""
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        table, name = model._meta.db_table, self.index.name  # noqa: SLF001 - Django's public API
        quote = schema_editor.quote_name
        _drop(schema_editor, name, concurrently=False)
        statement = self.index.create_sql(model, schema_editor)
        statement.template = statement.template.replace("ON %(table)s", "ON ONLY %(table)s")
        schema_editor.execute(statement, params=None)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(_LEAVES, [table, name])
            leaves = [row[0] for row in cursor.fetchall()]
        for leaf in leaves:
            part = f"{leaf}_{name.removeprefix(app_label).lstrip('_')}"
            _drop(schema_editor, part)
            statement = self.index.create_sql(model, schema_editor, concurrently=True)
            statement.parts["table"] = Table(leaf, quote)
            statement.parts["name"] = Table(part, quote)
            schema_editor.execute(statement, params=None)
            schema_editor.execute(f"ALTER INDEX {quote(name)} ATTACH PARTITION {quote(part)}")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove it with those of the partitions."""
        _drop(schema_editor, self.index.name, concurrently=False)


def _drop(schema_editor: BaseDatabaseSchemaEditor, name: str, *, concurrently: bool = True) -> None:
    how = "CONCURRENTLY " if concurrently else ""
    schema_editor.execute(f"DROP INDEX {how}IF EXISTS {schema_editor.quote_name(name)}")
