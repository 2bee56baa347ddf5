"""Executions and their logs as they were shown, until they or anything that they show has changed.

Clients ask for the same again and again: how far an execution is, what it said. Who is asking, and
whether it still is as it was, one query says each time (:mod:`opsmanager.accounts.along`). Then
nothing else has to be read, and nothing put together.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from automation.selectors import executions
from opsmanager.accounts.along import found_along
from opsmanager.common.kept import JSON, Answer, Kept

_KEPT: Final[Kept[Hashable]] = Kept(most=500, largest=32 * 1024)
"""At most 16 MB, and usually a tenth of that."""
Made = tuple[Any, Mapping[str, str]]
"""Data and headers of an answer."""


def shown(
    request: Request, key: Hashable | None, make: Callable[[], Made | HttpResponse]
) -> HttpResponse:
    """Return what is kept for ``key``, or else what ``make`` puts together, which is kept then.

    ``key`` tells all that is asked but who asks; with ``None`` nothing is kept. A response of
    ``make`` is returned as it is.
    """
    version = _version(request) if key is not None else None
    kept = _KEPT.get(key, version)
    if kept is None:
        made = make()
        if isinstance(made, HttpResponse):
            return made
        data, headers = made
        body = JSONRenderer().render(data, request.accepted_media_type)
        kept = Answer(body=body, headers=headers)
        _KEPT.put(key, version, kept)
    return kept.response()


def _version(request: Request) -> str | None:
    """Return the version of what is asked for; ``None`` where it has to be put together anew.

    As for whom not every execution is there to be seen, and for who wants JSON in another form.
    """
    if request.accepted_media_type != JSON or not executions.may_see_all(request.user):
        return None
    version: str | None = found_along(request)
    return version
