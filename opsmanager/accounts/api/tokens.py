"""API tokens of the caller, over the API: made, listed and revoked by a person's login."""

from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.accounts import api_tokens
from opsmanager.accounts.api_tokens import Limits
from opsmanager.accounts.models import ApiToken
from opsmanager.accounts.models.api_token import LONGEST_NAME
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.case import ModelSerializer, Serializer
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.filters import filtered
from opsmanager.common.api.paging import listed
from opsmanager.common.problems import NotPermitted
from opsmanager.common.uuids import as_uuid

_ORDERING = ("name", "createdAt", "expiresAt", "lastUsedAt")
_MOST_NAMED = 1000


class ApiTokenSerializer(ModelSerializer):
    """An API token. ``permissions``, or both lists of servers, are null where it has no limit."""

    user_id = serializers.UUIDField(read_only=True)
    username = serializers.CharField(source="user.username", read_only=True)
    start = serializers.CharField(read_only=True, help_text="Its first characters")
    permissions = serializers.ListField(
        child=serializers.CharField(), read_only=True, allow_null=True
    )
    server_ids = serializers.ListField(
        child=serializers.UUIDField(), read_only=True, allow_null=True
    )
    server_group_ids = serializers.ListField(
        source="group_ids", child=serializers.UUIDField(), read_only=True, allow_null=True
    )
    is_active = serializers.BooleanField(
        read_only=True, help_text="Whether it has neither expired nor been revoked"
    )

    class Meta:
        model = ApiToken
        fields: ClassVar = [
            "id",
            "name",
            "start",
            "user_id",
            "username",
            "permissions",
            "server_ids",
            "server_group_ids",
            "is_active",
            "created_at",
            "expires_at",
            "last_used_at",
            "last_used_address",
            "revoked_at",
        ]
        read_only_fields: ClassVar = fields


class NewApiTokenDetailSerializer(ApiTokenSerializer):
    """An API token just made: the one time that its secret is shown."""

    secret = serializers.CharField(read_only=True, help_text="opsm_…, shown this once")

    class Meta(ApiTokenSerializer.Meta):
        fields: ClassVar = [*ApiTokenSerializer.Meta.fields, "secret"]
        read_only_fields: ClassVar = fields


class ApiTokenRequestSerializer(Serializer):
    """What an API token is to be; what is left out, or null, is no limit."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    permissions = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        allow_null=True,
        default=None,
        max_length=_MOST_NAMED,
        help_text="Such as automation.view_execution, of those that you have yourself",
    )
    server_ids = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_null=True,
        default=None,
        max_length=_MOST_NAMED,
    )
    server_group_ids = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_null=True,
        default=None,
        max_length=_MOST_NAMED,
    )
    expires_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Within a year; 90 days from now when left out",
    )


class ApiTokensView(APIView):
    """The caller's API tokens."""

    @endpoint(
        "listApiTokens",
        tag="auth",
        answers={200: page("tokens", ApiTokenSerializer)},
        fails=(400, 401, 403),
        filters=("userId",),
        ordering=_ORDERING,
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """List your API tokens, the newest first; as SUPER_ADMIN with ``userId`` another's."""
        user = user_of(request)
        rows = api_tokens.visible_to(user)
        asked = request.query_params
        whose = as_uuid(asked.get("userId", ""))
        if whose not in (None, user.pk) and not user.is_super_admin:
            raise NotPermitted("You may list your own API tokens; those of others a SUPER_ADMIN.")
        rows = filtered(rows, asked, uuids={"userId": "user_id"})
        return listed(
            request,
            rows if asked.get("userId") else rows.filter(user=user),
            name="tokens",
            serializer=ApiTokenSerializer,
            ordering=_ORDERING,
        )

    @endpoint(
        "createApiToken",
        tag="auth",
        takes=ApiTokenRequestSerializer,
        answers={201: one("token", NewApiTokenDetailSerializer)},
        fails=(400, 401, 403, 409),
    )
    def post(self, request: Request) -> Response:
        """Make an API token for a program. Its ``secret`` is in this answer and nowhere else."""
        user = user_of(request)
        api_tokens.require_person(user)
        asked = ApiTokenRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        made = api_tokens.create(
            user,
            name=values["name"],
            limits=Limits(
                permissions=values["permissions"],
                server_ids=values["server_ids"],
                group_ids=values["server_group_ids"],
            ),
            expires_at=values["expires_at"],
        )
        shown: dict[str, Any] = dict(ApiTokenSerializer(made.token).data)
        return Response({"token": shown | {"secret": made.secret}}, status=201)


class ApiTokenView(APIView):
    """One API token."""

    @endpoint("getApiToken", tag="auth", answers={200: one("token", ApiTokenSerializer)})
    def get(self, request: Request, pk: UUID) -> Response:
        """Show an API token of yours, without its secret."""
        token = api_tokens.get(user_of(request), pk)
        return Response({"token": ApiTokenSerializer(token).data})

    @endpoint("revokeApiToken", tag="auth", answers={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Revoke an API token: it lets nobody in from now on. Twice is no error."""
        user = user_of(request)
        api_tokens.revoke(api_tokens.get(user, pk), by=user)
        return Response(status=204)
