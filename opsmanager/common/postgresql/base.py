"""Where Django finds the backend that the settings name."""

from typing import Any

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base, operations
from django.db.backends.utils import CursorWrapper

from opsmanager.common.database_pool import Pool


class PreparedCursor(psycopg.Cursor[Any]):
    """A cursor whose statements the server keeps."""

    def execute(self, *args: Any, **options: Any) -> Any:
        """Execute the statement; one that the server can't use any more, as one that is new."""
        try:
            return super().execute(*args, **options)
        except psycopg.errors.FeatureNotSupported:
            # An upgrade has changed the type of a column under the plan. From now on this
            # connection keeps none; within a transaction nothing can be asked once more.
            self.connection.prepare_threshold = None
            if self.connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                raise
            return super().execute(*args, **options)


class DatabaseOperations(operations.DatabaseOperations):
    """Django's own, but for how a prepared statement is told of."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> Any:
        """Return the statement with its values, for whoever counts or logs them."""
        if isinstance(cursor, PreparedCursor):
            return self.compose_sql(sql, params)
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for the class of its pool, and for statements that are kept prepared."""

    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        """Return what a connection is made with."""
        # Counts for prepared_cursor alone: Django's other cursors fill their values in themselves,
        # and send a text that is never the same twice.
        return {**super().get_connection_params(), "prepare_threshold": 0}

    def prepared_cursor(self) -> CursorWrapper:
        """Return a cursor whose statements are parsed and planned once for each connection.

        To plan what joins several tables takes PostgreSQL longer than to answer it. For the few
        statements that are asked again and again: a connection keeps the latest hundred.
        """
        # As Django's own `cursor()` does, without making another one first.
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            ours: Any = self  # the stubs do not know it
            cursor: CursorWrapper = ours._prepare_cursor(PreparedCursor(self.connection))  # noqa: SLF001
            return cursor

    @property
    def pool(self) -> Any:
        """Return the process's pool, made at the first look; ``None`` where there is to be none."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools: dict[str, Pool] = self._connection_pools  # type: ignore[attr-defined] # not in the stubs
        if self.alias not in pools:
            made = Pool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,  # type: ignore[attr-defined]
                **options,
            )
            # Of several threads that come at once, one's is kept; none has been opened.
            pools.setdefault(self.alias, made)
        return pools[self.alias]
