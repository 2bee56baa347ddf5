"""Tokens, their public keys, and who the caller is."""

from django.contrib.auth import authenticate, user_logged_in
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.accounts import api_logins, jwt
from opsmanager.accounts.api.authentication import CHALLENGE, REFUSED
from opsmanager.accounts.jwt import TokenRefused
from opsmanager.accounts.models import User
from opsmanager.common.api.case import Serializer
from opsmanager.common.api.describe import endpoint
from opsmanager.common.client import client_address

LONGEST_PASSWORD = 1024
LONGEST_TOKEN = 4096
WRONG = "The user name or password is wrong, or the account is switched off."


class LoginSerializer(Serializer):
    """A user name and password, for a pair of tokens."""

    username = serializers.CharField(max_length=150, write_only=True)
    password = serializers.CharField(
        max_length=LONGEST_PASSWORD,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
    )


class RefreshSerializer(Serializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=LONGEST_TOKEN, write_only=True)


@extend_schema_serializer(component_name="TokenPair")
class TokenSerializer(Serializer):
    """A pair of tokens."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class MeTokenSerializer(Serializer):
    """The API token by which the caller is here."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    expires_at = serializers.DateTimeField()


class MeSerializer(Serializer):
    """The caller; ``permissions`` as far as the API token covers them."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    role = serializers.CharField(allow_null=True)
    permissions = serializers.ListField(child=serializers.CharField())
    api_token = MeTokenSerializer(allow_null=True)


class OpenView(APIView):
    """What answers without a login, and looks at no cookie."""

    authentication_classes = ()
    permission_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for; without it REST framework would answer 403."""
        return CHALLENGE


class TokenView(OpenView):
    """Logging in."""

    @endpoint(
        "createToken",
        tag="auth",
        takes=LoginSerializer,
        answers={200: TokenSerializer},
        fails=(),
        is_open=True,
    )
    def post(self, request: Request) -> Response:
        """Get a token for a user name and password; send it as ``Authorization: Bearer``."""
        jwt.keys()  # says so in a plain sentence when this process can't sign tokens
        sent = LoginSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        user = authenticate(request, **sent.validated_data)
        if not isinstance(user, User):
            raise AuthenticationFailed(WRONG)
        tokens = api_logins.begin(
            user,
            address=client_address(request),
            agent=request.headers.get("user-agent", ""),
        )
        user_logged_in.send(User, request=request, user=user)
        return Response({"access": tokens.access, "refresh": tokens.refresh})


class RefreshView(OpenView):
    """Getting new tokens for an old one."""

    @endpoint(
        "refreshToken",
        tag="auth",
        takes=RefreshSerializer,
        answers={200: TokenSerializer},
        fails=(),
        is_open=True,
    )
    def post(self, request: Request) -> Response:
        """Get new tokens for a refresh token, which is used up. Used again, it ends the login."""
        try:
            tokens = api_logins.renew(_refresh(request))
        except TokenRefused:
            raise AuthenticationFailed(REFUSED) from None
        return Response({"access": tokens.access, "refresh": tokens.refresh})


class RevokeView(OpenView):
    """Logging out."""

    @endpoint(
        "revokeToken",
        tag="auth",
        takes=RefreshSerializer,
        answers={204: None},
        fails=(),
        is_open=True,
    )
    def post(self, request: Request) -> Response:
        """End a login: all its tokens are good for nothing from now on."""
        try:
            api_logins.revoke(_refresh(request))
        except TokenRefused:
            raise AuthenticationFailed(REFUSED) from None
        return Response(status=204)


class MeView(APIView):
    """The caller."""

    @endpoint("getMe", tag="auth", answers={200: MeSerializer}, fails=())
    def get(self, request: Request) -> Response:
        """Say who you are and what you may do."""
        user = request.user
        role = getattr(user, "role", None)
        token = getattr(user, "token", None)
        return Response(
            {
                "id": user.pk,
                "username": user.get_username(),
                "role": role.name if role else None,
                "permissions": sorted(user.get_all_permissions()),
                "apiToken": MeTokenSerializer.json_of(token) if token else None,
            }
        )


@login_not_required
@require_safe
def jwks(_request: HttpRequest) -> JsonResponse:
    """Show the public keys that check our tokens, as a JSON Web Key Set (RFC 7517)."""
    return JsonResponse({"keys": jwt.key_set()})


def _refresh(request: Request) -> str:
    sent = RefreshSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    refresh: str = sent.validated_data["refresh"]
    return refresh
