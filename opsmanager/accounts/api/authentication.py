"""Lets a request in by the access token in its ``Authorization`` header."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from opsmanager.accounts import api_logins
from opsmanager.accounts.jwt import TokenRefused
from opsmanager.accounts.models import User

CHALLENGE = 'Bearer realm="api"'
REFUSED = "The token is not valid, or no longer. Get a new one."


class JWTAuthentication(BaseAuthentication):
    """``Authorization: Bearer …``"""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return whom the token stands for; ``None`` without one."""
        kind, *rest = get_authorization_header(request).split() or [b""]
        if kind.lower() != b"bearer":
            return None
        try:
            (token,) = rest
            return api_logins.user_of(token.decode("ascii")), None
        except (TokenRefused, ValueError):
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
