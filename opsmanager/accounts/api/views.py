"""Tokens, their public key, and who the caller is."""

from typing import Any

from django.contrib.auth import user_logged_in
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from opsmanager.accounts.jwt import public_jwk
from opsmanager.common.api.case import Serializer
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import ErrorSerializer


class LoginSerializer(TokenObtainPairSerializer):
    """A user name and password, for a pair of tokens."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        """Return the tokens, and tell of the login, as the login page does."""
        tokens = super().validate(attrs)
        user_logged_in.send(type(self.user), request=self.context["request"], user=self.user)
        return tokens


class TokenSerializer(Serializer):
    """A pair of tokens."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class MeSerializer(Serializer):
    """The caller."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    role = serializers.CharField(allow_null=True)
    permissions = serializers.ListField(child=serializers.CharField())


class TokenView(TokenObtainPairView):
    """Logging in."""

    serializer_class = LoginSerializer

    @extend_schema(
        operation_id="createToken",
        tags=["auth"],
        auth=[],
        responses={200: TokenSerializer, 400: ErrorSerializer, 401: ErrorSerializer},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Get a token for a user name and password; send it as ``Authorization: Bearer``."""
        public_jwk()  # says so in a plain sentence when this process can't sign tokens
        return super().post(request, *args, **kwargs)


class RefreshView(TokenRefreshView):
    """Getting a new token for an old one."""

    @extend_schema(
        operation_id="refreshToken",
        tags=["auth"],
        auth=[],
        responses={200: TokenSerializer, 400: ErrorSerializer, 401: ErrorSerializer},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Get new tokens for a refresh token, which is used up."""
        return super().post(request, *args, **kwargs)


class MeView(APIView):
    """The caller."""

    @endpoint("getMe", tag="auth", answers={200: MeSerializer}, fails=(401,))
    def get(self, request: Request) -> Response:
        """Say who you are and what you may do."""
        user = request.user
        role = getattr(user, "role", None)
        return Response(
            {
                "id": user.pk,
                "username": user.get_username(),
                "role": role.name if role else None,
                "permissions": sorted(user.get_all_permissions()),
            }
        )


@login_not_required
@require_safe
def jwks(_request: HttpRequest) -> JsonResponse:
    """Show the public key that checks our tokens, as a JSON Web Key Set (RFC 7517)."""
    return JsonResponse({"keys": [public_jwk()]})
