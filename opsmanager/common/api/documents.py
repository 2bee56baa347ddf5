"""The pages that show the OpenAPI document, which style themselves inline."""

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from opsmanager.common.csp import policy

# Scripts stay our own files; only their style is let in, and Redoc's search worker.
_POLICY = policy(**{"style-src": "'self' 'unsafe-inline'", "worker-src": "'self' blob:"})

# What else REST framework offers has no page to show.
_METHODS = ["get", "head"]


class _StyledMixin:
    """Lets a page style itself."""

    def finalize_response(self, request: Request, response: Response, *args: Any) -> Response:
        """Set a policy of its own on the answer."""
        response["Content-Security-Policy"] = _POLICY
        answer: Response = super().finalize_response(request, response, *args)  # type: ignore[misc]
        return answer


@extend_schema(exclude=True)
class SwaggerView(_StyledMixin, SpectacularSwaggerSplitView):
    """Swagger UI, its script in a file of its own."""

    http_method_names = _METHODS


@extend_schema(exclude=True)
class RedocView(_StyledMixin, SpectacularRedocView):
    """ReDoc."""

    http_method_names = _METHODS
