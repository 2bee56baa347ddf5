"""Queries that are put together and compiled once in a process, and each time only filled in.

Django does both anew each time. For what every request asks, such as who is asking, that takes
several times as long as the database needs for the answer. PostgreSQL keeps their plans as well,
for each connection.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import CharField, Field, Model, QuerySet, Value
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

from opsmanager.common.postgresql.base import DatabaseWrapper

_M = TypeVar("_M", bound=Model)


class Compiled(Generic[_M]):
    """A query for rows of a model, with blanks.

    ``put_together`` is called once, when somebody asks for the first time. For each of ``blanks``
    it gets a value that stands for the one to come, which a field of that kind prepares::

        _BY_NAME = Compiled(lambda name: User.objects.filter(username=name), name=CharField())
        user = _BY_NAME.one(name="ann")

    What else it reads is kept as long as the process lives: no settings that change, and for the
    time :class:`~django.db.models.functions.Now`. Connections, converters and the making of rows
    are Django's own. Threads may share it.
    """

    def __init__(
        self, put_together: Callable[..., QuerySet[_M]], **blanks: Field[Any, Any]
    ) -> None:
        self._put_together = put_together
        self._blanks = blanks
        self._known: _Known[_M] | None = None

    def all(self, **values: Any) -> list[_M]:
        """Return the rows for a value of each blank. One query."""
        if values.keys() != self._blanks.keys():
            raise TypeError(f"Fill in {sorted(self._blanks)}, not {sorted(values)}.")
        # Two threads may come here at once; then both compile the same.
        known = self._known = self._known or self._compile()
        return list(known.with_values(values))

    def one(self, **values: Any) -> _M | None:
        """Return the first row, or ``None``. The query itself has to leave no more than one."""
        return next(iter(self.all(**values)), None)

    def _compile(self) -> "_Known[_M]":
        rows = self._put_together(**{name: _Blank(name, of) for name, of in self._blanks.items()})
        compiler = rows.query.get_compiler(using=rows.db)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([each[0] for each in compiler.select])
        # That of this thread, which is to end with it.
        compiler.connection = None
        if kept := [each for each in params if isinstance(each, date)]:
            raise ValueError(f"The query would keep {kept} for ever. Use Now() or a blank.")
        if missing := self._blanks.keys() - {each.value for each in params if _is_blank(each)}:
            raise ValueError(f"The query has no place for {sorted(missing)}.")
        compiler.get_converters = lambda _: converters
        return _Known(
            model=rows.model,
            using=rows.db,
            compiler=compiler,
            sql=sql,
            params=params,
            places=tuple((at, each) for at, each in enumerate(params) if _is_blank(each)),
        )


class _Blank(Value):
    """Stands in a query for a value to come. Among the parameters it stands itself."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(name, output_field=field)

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        sql, params = Value(self).as_sql(compiler, connection)
        # PostgreSQL is told of what type a value is before it sees any. One with a length would cut
        # what is longer, and find what that is the beginning of.
        kind = "text" if isinstance(self.output_field, CharField) else None
        return f"{sql}::{kind or self.output_field.db_type(connection)}", params


class _Query(Query):
    """A query whose compiler is there already."""

    ready: SQLCompiler

    def get_compiler(self, *_: Any, **__: Any) -> SQLCompiler:
        return self.ready


@dataclass(frozen=True, kw_only=True)
class _Known(Generic[_M]):
    """What compiling found out."""

    model: type[_M]
    using: str
    compiler: SQLCompiler
    """As it is after compiling: it knows the columns, and how rows are made of them."""
    sql: str
    params: tuple[Any, ...]
    places: tuple[tuple[int, Any], ...]
    """Where among them blanks stand."""

    def with_values(self, values: dict[str, Any]) -> QuerySet[_M]:
        connection: Any = connections[self.using]
        filled = list(self.params)
        for at, blank in self.places:
            field = blank.output_field
            filled[at] = field.get_db_prep_value(values[blank.value], connection)
        compiler = copy(self.compiler)
        compiler.connection = connection
        fetched = partial(_fetched, connection, self.sql, filled)
        compiler.execute_sql = lambda *_, **__: [fetched()]  # type: ignore[method-assign,assignment]
        query = _Query(self.model)
        query.ready = compiler
        return QuerySet(self.model, query=query, using=self.using)


def _fetched(connection: DatabaseWrapper, sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.prepared_cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _is_blank(param: Any) -> bool:
    return isinstance(param, _Blank)
