"""Finds out at once in what form an answer is wanted, where a client says it as most do."""

from collections.abc import Sequence
from typing import Any, Final

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_USUAL: Final = ("*/*", "application/json")


class Negotiation(DefaultContentNegotiation):
    """REST framework's own, which takes every header apart, for all that is not usual."""

    def select_renderer(  # type: ignore[override]
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return who renders the answer, and as what."""
        first = renderers[0]
        is_usual = request.META.get("HTTP_ACCEPT", "*/*") in _USUAL and not request.GET
        if is_usual and format_suffix is None and first.media_type == "application/json":
            return first, first.media_type
        chosen: Any = super().select_renderer(request, renderers, format_suffix)
        return chosen[0], chosen[1]
