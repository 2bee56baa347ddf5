"""Tells whether a row is still the one that was read, whoever changed it, and however."""

from typing import Any

from django.db.models import F, Func, TextField
from django.db.models.sql.compiler import SQLCompiler


class RowVersion(Func):
    """Where PostgreSQL keeps the row that ``column`` is of, and which transaction put it there.

    An update writes the row anew, elsewhere or by another transaction. NULL where an outer join
    found no row. ``column`` has to be one of the row itself: a key that another row holds as well
    is read there.
    """

    def __init__(self, column: str) -> None:
        super().__init__(F(column), output_field=TextField())

    def as_sql(self, compiler: SQLCompiler, *_: Any, **__: Any) -> tuple[str, tuple[()]]:
        """Return the expression; the column itself is not read."""
        (column,) = self.get_source_expressions()
        table = compiler.quote_name_unless_alias(column.alias)
        return f"{table}.xmin || {table}.ctid::text", ()
