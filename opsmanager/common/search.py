"""Search in long texts by the words they hold, over an index that every PostgreSQL can have.

The database keeps a column ``words`` beside the texts, which Django's models don't have: lists
would carry it along. A migration makes it (:func:`add_words`), the model declares its index,
``GinIndex(Words(), name=…)``.
"""

from typing import Any, Final, TypeVar

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, transaction
from django.db.models import BooleanField, Expression, Func, Model, Q, QuerySet, Value
from django.db.models.expressions import Col

_M = TypeVar("_M", bound=Model)

MOST_TERMS: Final = 8
"""Further ones are not looked at: each is a look into the index."""

_COLUMN: Final["SearchVectorField[Any, Any]"] = SearchVectorField(db_column="words")
_COLUMN.set_attributes_from_name("words")


class Words(Expression):
    """The column ``words`` of a model's table."""

    output_field = _COLUMN

    def resolve_expression(self, query: Any = None, *_args: Any, **_kwargs: Any) -> Any:
        """Return the column of the query's own table, by whatever name that has there."""
        key = query.resolve_ref(query.model._meta.pk.attname)  # noqa: SLF001 - Django's public API
        return Col(key.alias, _COLUMN)


class _Query(Func):
    function = "search_query"


class _Matches(Func):
    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()


def add_words(table: str, *columns: str) -> tuple[str, str]:
    """Return the SQL that adds the words of these text columns to a table, and its reverse."""
    texts = " || ' ' || ".join(columns)
    column = f"words tsvector GENERATED ALWAYS AS (search_words({texts})) STORED"
    return (
        f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}",
        f"ALTER TABLE {table} DROP COLUMN words",
    )


class Found(QuerySet[_M]):
    """Rows that a search found, which are counted along the index of words.

    Of a word that nearly every row holds, PostgreSQL would rather read all rows, and compares their
    words one by one; it does not know that this takes much longer.
    """

    def count(self) -> int:
        """Return how many there are."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            counted = super().count()
            cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")
        return counted

    @classmethod
    def among(cls, rows: QuerySet[_M]) -> "Found[_M]":
        """Return the same rows, counted in this way."""
        return cls(model=rows.model, query=rows.query.chain(), using=rows.db)


def terms(text: str) -> list[str]:
    """Return the terms of what somebody searches for; all of them have to be found."""
    return text.split()[:MOST_TERMS]


def holding(term: str) -> Q:
    """Return the condition that a row holds the words of the term, one after the other.

    The last may go on: ``web-1`` finds ``web-12`` and ``web:1``, not ``webs-1`` and ``1 web``. Case
    does not matter.
    """
    return Q(_Matches(Words(), _Query(Value(term))))
