"""Describes an endpoint for OpenAPI: what it takes, what it answers, how it can fail."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from opsmanager.common.api.envelopes import ErrorSerializer
from opsmanager.common.api.openapi import LEADS_TO
from opsmanager.common.api.query import Query
from opsmanager.common.api.texts import TrimmedText  # noqa: F401 - known by being imported

_SAID: Final = {
    200: "What was asked for.",
    201: "It is made.",
    202: "It is kept, and dealt with in a moment; the answer says where it is found.",
    204: "Done; nothing to show.",
    400: "Something does not hold, or what was sent is not valid.",
}
_ALWAYS: Final = (401, 429, 503)
_WITH_A_BODY: Final = (400, 413, 415)
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200},
    OpenApiParameter.HEADER,
    description="One of your own for each thing to be made, such as a UUID. The same key with the "
    "same request returns what it made the first time, however often it is sent.",
)


def endpoint(
    operation: str,
    *,
    tag: str,
    answers: Mapping[int | tuple[int, str], Any],
    takes: type[serializers.Serializer[Any]] | None = None,
    query: type[Query] | None = None,
    fails: Sequence[int] = (403, 404),
    leads_to: Sequence[str] = (),
    is_idempotent: bool = False,
    is_open: bool = False,
) -> Callable[..., Any]:
    """Describe one method of a view; ``operation`` becomes the method's name in clients.

    ``answers`` are by status, or by status and media type where that is not JSON.
    ``fails`` are the refusals of its own: what every endpoint can answer is added. ``leads_to``
    names operations that take what this one answers, the parameter from its place after a colon:
    ``getServer id=server/id``. ``is_open`` says that it wants no login.
    """
    parameters: list[Any] = [query] if query else []
    refusals = {*fails, *_ALWAYS}
    if is_idempotent:
        parameters.append(IDEMPOTENCY_KEY)
        refusals |= {400, 422}
    if query:
        refusals.add(400)
    if takes:
        refusals.update(_WITH_A_BODY)
    responses: dict[Any, Any] = {
        place: OpenApiResponse(answer, description=_SAID[_status(place)])
        for place, answer in answers.items()
    }
    for status in sorted(refusals - {_status(place) for place in answers}):
        responses[status] = ErrorSerializer
    return extend_schema(
        operation_id=operation,
        request=takes,
        responses=responses,
        parameters=parameters,
        tags=[tag],
        auth=[] if is_open else None,
        extensions={LEADS_TO: list(leads_to)} if leads_to else None,
    )


def _status(place: int | tuple[int, str]) -> int:
    return place[0] if isinstance(place, tuple) else place
