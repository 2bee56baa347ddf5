"""Pages of long lists, of which only the rows that are shown are read whole."""

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet

_M = TypeVar("_M", bound=Model)


def by_key(page: QuerySet[_M]) -> QuerySet[_M]:
    """Return the rows of a page, which is a slice of a list, found by their keys.

    What lies before the page is then counted off along an index, and neither read nor joined: the
    last page of a long list takes about as long as the first.
    """
    keys = page.select_related(None).prefetch_related(None).values("pk")
    rows = page.model._default_manager.filter(pk__in=keys)  # noqa: SLF001 - Django's public API
    rows = rows.order_by(*page.query.order_by)
    rows.query.select_related = page.query.select_related
    prefetched = page._prefetch_related_lookups  # type: ignore[attr-defined]  # noqa: SLF001
    return rows.prefetch_related(*prefetched)


class LongPaginator(Paginator[Any]):
    """Django's paginator for a queryset with an ordering of its own, its pages by their keys."""

    def _get_page(self, object_list: Any, number: int, paginator: "Paginator[Any]") -> Page[Any]:
        return Page(by_key(object_list), number, paginator)
