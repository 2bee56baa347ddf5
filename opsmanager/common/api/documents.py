"""The pages that show the OpenAPI document, which style themselves inline."""

from typing import Any

from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from opsmanager.common.csp import policy

# Scripts stay our own files; only their style is let in, and Redoc's search worker.
_POLICY = policy(**{"style-src": "'self' 'unsafe-inline'", "worker-src": "'self' blob:"})


class SwaggerView(SpectacularSwaggerSplitView):
    """Swagger UI, its script in a file of its own."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show the page."""
        return _let_style(super().get(request, *args, **kwargs))


class RedocView(SpectacularRedocView):
    """ReDoc."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show the page."""
        return _let_style(super().get(request, *args, **kwargs))


def _let_style(response: Response) -> Response:
    response["Content-Security-Policy"] = _POLICY
    return response
