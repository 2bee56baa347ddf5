"""What a view needs to know first, asked for along with who is asking: one query for both."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest

if TYPE_CHECKING:
    from rest_framework.request import Request

Along = Callable[..., Combinable]
_View = TypeVar("_View", bound=Callable[..., Any])
_M = TypeVar("_M", bound=Model)


def asks_along(expression: Along) -> Callable[[_View], _View]:
    """Have the query that reads the login find something for the view as well.

    ``expression`` gets what stands for the view's own arguments from the address, which are UUIDs,
    and is kept compiled (:class:`~opsmanager.common.compiled.Compiled`). A page's view asks along
    with its session, so a poll that finds nothing new is one query; one of the API, a class, with
    its token. What was found is :func:`found_along`.
    """

    def marked(view: _View) -> _View:
        view.asked_along = expression  # type: ignore[attr-defined]
        return view

    return marked


def found_along(request: "HttpRequest | Request") -> Any:
    """Return what was found for the view; ``None`` for nothing, or where nobody asked along.

    So a view that gets ``None`` has to look itself.
    """
    by_token = getattr(request.user, "found_along", None)
    return getattr(request.session, "found", None) if by_token is None else by_token


def annotated(rows: QuerySet[_M], along: Along | None, arguments: dict[str, Any]) -> QuerySet[_M]:
    """Return the rows, with what is asked along of these arguments in ``found_along``."""
    if along is None:
        return rows
    return cast("QuerySet[_M]", rows.annotate(found_along=along(**arguments)))
