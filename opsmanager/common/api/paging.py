"""Lists as the contract has them: ``{"runbooks": [...], "total", "page", "limit"}``."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from opsmanager.common.problems import Invalid

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


def _whole(request: Request, name: str, default: int, most: int) -> int:
    value = request.query_params.get(name, "")
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= most:
        raise Invalid(
            f"{name} must be a whole number between 1 and {most}.",
            details={name: [f"Use a whole number between 1 and {most}."]},
        )
    return int(value)


def listed(
    request: Request,
    rows: QuerySet[Any],
    *,
    name: str,
    serializer: type[BaseSerializer[Any]],
    ordering: tuple[str, ...] = (),
    prepare: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Response:
    """Return one page of ``rows`` under the plural ``name``.

    ``ordering`` lists the names on the wire that ``?ordering=`` takes, each also with ``-``.
    ``prepare`` may add to the rows of the page before they are shown.
    """
    page = _whole(request, "page", 1, 1_000_000)
    limit = _whole(request, "limit", DEFAULT_LIMIT, MAX_LIMIT)
    wanted = request.query_params.get("ordering", "")
    if wanted:
        if wanted.lstrip("-") not in ordering or wanted.startswith("--"):
            raise Invalid(
                f"Lists can't be ordered by {wanted}.",
                details={"ordering": [f"Use one of: {', '.join(ordering)}."]},
            )
        rows = rows.order_by(snake(wanted), "pk")
    total = rows.count()
    start = (page - 1) * limit
    return Response(
        {
            name: serializer(prepare(rows[start : start + limit]), many=True).data,
            "total": total,
            "page": page,
            "limit": limit,
        }
    )


def snake(name: str) -> str:
    """Return ``someName`` as ``some_name``; a leading ``-`` stays."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
