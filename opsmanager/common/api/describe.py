"""Describes an endpoint for OpenAPI: what it takes, what it answers, how it can fail."""

from collections.abc import Callable, Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from opsmanager.common.api.envelopes import ErrorSerializer

_PAGING = [
    OpenApiParameter("page", int, description="The page, from 1."),
    OpenApiParameter("limit", int, description="How many a page, 1 to 100; 20 by default."),
]


def endpoint(
    operation: str,
    *,
    answers: dict[int, Any],
    takes: type[serializers.Serializer[Any]] | None = None,
    fails: Sequence[int] = (401, 403, 404),
    filters: Sequence[str] = (),
    ordering: Sequence[str] = (),
    paged: bool = False,
    tag: str,
) -> Callable[..., Any]:
    """Describe one method of a view; ``operation`` becomes the method's name in clients."""
    parameters = [OpenApiParameter(name, str) for name in filters]
    if ordering:
        words = ", ".join(ordering)
        parameters.append(
            OpenApiParameter("ordering", str, description=f"One of {words}; - before it reverses.")
        )
    if paged:
        parameters += _PAGING
    responses: dict[int, Any] = {**answers, **dict.fromkeys(fails, ErrorSerializer)}
    return extend_schema(
        operation_id=operation,
        request=takes,
        responses=responses,
        parameters=parameters,
        tags=[tag],
    )
