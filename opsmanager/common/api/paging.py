"""Lists as the contract has them: ``{"runbooks": [...], "total", "page", "limit"}``."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework.response import Response

from opsmanager.common.api.case import ShownMixin


def listed(
    asked: Mapping[str, Any],
    rows: QuerySet[Any],
    *,
    name: str,
    serializer: type[ShownMixin],
    prepare: Callable[[QuerySet[Any]], Iterable[Any]] = iter,
) -> Response:
    """Return the page of ``rows`` that a :class:`PagedQuery` asked for, under the plural ``name``.

    ``prepare`` may add to the rows of the page before they are shown.
    """
    if "ordering" in asked:
        rows = rows.order_by(asked["ordering"], "pk")
    page, limit = asked["page"], asked["limit"]
    start = (page - 1) * limit
    return Response(
        {
            name: serializer.json_of_each(prepare(rows[start : start + limit])),
            "total": rows.count(),
            "page": page,
            "limit": limit,
        }
    )
