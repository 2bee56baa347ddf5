"""The query of a list or a look: declared like a body, so that what it takes is known and refused.

A misspelled filter that is passed over answers with everything; a client that deletes or restarts
what it was answered must be told instead. So unknown names, values that can't be read, and names
given twice are refused.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.request import Request

from opsmanager.common.api.case import CamelCaseMixin
from opsmanager.common.api.exceptions import invalid
from opsmanager.common.api.query_fields import Whole

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
_LAST_PAGE: Final = 1_000_000
_M = TypeVar("_M", bound=Model)


class Query(CamelCaseMixin, serializers.Serializer[Any]):
    """What may stand behind the ``?`` of an address; a subclass declares the names."""

    unknown_name = "There is no such parameter. Check its spelling."
    filters: ClassVar[Mapping[str, str]] = {}
    """Which look-up of the model each name (in Python's spelling) stands for."""

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        """Return what a request asks for, by names in Python's spelling.

        Names that were not given are not in it. Raises :class:`Invalid`.
        """
        return cls.read(request.query_params)

    @classmethod
    def of_form(cls, given: QueryDict) -> dict[str, Any]:
        """Return what a page's form asks for; other names and what was left empty are passed over.

        Raises :class:`Invalid`.
        """
        names = cls().fields
        kept = QueryDict(mutable=True)
        for name, texts in given.lists():
            if name in names and any(texts):
                kept.setlist(name, texts)
        return cls.read(kept)

    @classmethod
    def read(cls, given: QueryDict) -> dict[str, Any]:
        """Return what a query string asks for. Raises :class:`Invalid`."""
        if given:
            return cls._read(given)
        # As most do, and then it is always the same.
        if cls not in _OF_NOTHING:
            _OF_NOTHING[cls] = cls._read(given)
        return dict(_OF_NOTHING[cls])

    @classmethod
    def _read(cls, given: QueryDict) -> dict[str, Any]:
        # Its fields are made anew for each, so one serves to read the names and the values.
        query = cls(data={})
        names = query.fields
        values: dict[str, Any] = {}
        twice: dict[str, list[str]] = {}
        for name, all_given in given.lists():
            if isinstance(names.get(name), serializers.ListField):
                values[name] = all_given
            elif len(all_given) > 1:
                twice[name] = ["It is given twice. Give it once."]
            else:
                values[name] = all_given[0]
        query.initial_data = values
        if not query.is_valid() or twice:
            raise invalid({**query.errors, **twice})
        read: dict[str, Any] = query.validated_data
        return read

    @classmethod
    def narrow(cls, rows: QuerySet[_M], asked: Mapping[str, Any]) -> QuerySet[_M]:
        """Return those of the rows that the filters ask for."""
        wanted = {look_up: asked[name] for name, look_up in cls.filters.items() if name in asked}
        return rows.filter(**wanted)


_OF_NOTHING: Final[dict[type[Query], dict[str, Any]]] = {}
"""What an empty query string asks for: the defaults."""


class PagedQuery(Query):
    """The query of a list: which page of it, and how long a page is."""

    page = Whole(1, _LAST_PAGE, default=1, help_text="The page, from 1.")
    limit = Whole(1, MAX_LIMIT, default=DEFAULT_LIMIT, help_text="How many a page.")
