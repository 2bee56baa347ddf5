"""Lets a request in by the token in its ``Authorization`` header: a login's, or a machine's."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from opsmanager.accounts import api_logins, api_tokens, token_text
from opsmanager.accounts.api_tokens import ApiTokenRefused
from opsmanager.accounts.jwt import TokenRefused
from opsmanager.accounts.models import ApiToken, User
from opsmanager.common.client import client_address

CHALLENGE = 'Bearer realm="api"'
REFUSED = "The token is not valid, or no longer. Get a new one."


class ApiTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer opsm_…``; stands before the one that takes every bearer."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken | None] | None:
        """Return whom the token stands for, limited by it, and the token; ``None`` without one."""
        text = _bearer(request)
        if text is None or not text.startswith(token_text.PREFIX):
            return None
        try:
            user = api_tokens.user_of(text, address=client_address(request), **_along(request))
        except ApiTokenRefused as problem:
            raise AuthenticationFailed(str(problem)) from None
        return user, user.token

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return CHALLENGE


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes it for OpenAPI."""

    target_class = ApiTokenAuthentication
    name = "apiTokenAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "opsm_…",
            "description": "An API token for a program: from the page *Your account*, or by "
            "createApiToken.",
        }


class JWTAuthentication(BaseAuthentication):
    """``Authorization: Bearer …``"""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return whom the token stands for; ``None`` without one."""
        text = _bearer(request)
        if text is None:
            return None
        try:
            return api_logins.user_of(text, **_along(request)), None
        except TokenRefused:
            raise AuthenticationFailed(REFUSED) from None

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return CHALLENGE


class JWTScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes it for OpenAPI."""

    target_class = JWTAuthentication
    name = "jwtAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def _along(request: Request) -> dict[str, Any]:
    """Return what the view that is called wants to know along with who calls."""
    view = request.parser_context.get("view") if request.parser_context else None
    # Of the class: of an instance it would be a method.
    asked = getattr(type(view), "asked_along", None)
    return {"along": asked, "of": view.kwargs} if asked and view else {}


def _bearer(request: Request) -> str | None:
    """Return what the header brings along as a bearer token; an empty text for what is none."""
    kind, *rest = get_authorization_header(request).split() or [b""]
    if kind.lower() != b"bearer":
        return None
    return rest[0].decode("latin-1") if len(rest) == 1 else ""
