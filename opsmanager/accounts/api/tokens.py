"""API tokens of the caller, over the API: made, listed and revoked by a person's login."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
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
from opsmanager.common.api.paging import listed
from opsmanager.common.api.query import PagedQuery
from opsmanager.common.api.query_fields import Ordering, Uuid
from opsmanager.common.problems import NotPermitted

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


@extend_schema_serializer(component_name="NewApiToken")
class NewApiTokenDetailSerializer(ApiTokenSerializer):
    """An API token just made: the one time that its secret is shown."""

    secret = serializers.CharField(read_only=True, help_text="opsm_…, shown this once")

    class Meta(ApiTokenSerializer.Meta):
        fields: ClassVar = [*ApiTokenSerializer.Meta.fields, "secret"]
        read_only_fields: ClassVar = fields


@extend_schema_serializer(
    component_name="NewApiToken",
    examples=[
        OpenApiExample(
            "A bot that runs health checks on one server",
            value={
                "name": "chat bot",
                "permissions": ["automation.execute_catalogentry", "automation.view_execution"],
                "serverIds": ["6f1f7c9e-2b5b-4d43-9a35-0d6f3c1f7a10"],
            },
            request_only=True,
        )
    ],
)
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


class ApiTokensQuery(PagedQuery):
    """Of API tokens."""

    user_id = Uuid(help_text="Of another user; for a SUPER_ADMIN.")
    ordering = Ordering("name", "created_at", "expires_at", "last_used_at")


class ApiTokensView(APIView):
    """The caller's API tokens."""

    @endpoint(
        "listApiTokens",
        tag="auth",
        answers={200: page("tokens", ApiTokenSerializer)},
        query=ApiTokensQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List your API tokens, the newest first; as SUPER_ADMIN with ``userId`` another's."""
        user = user_of(request)
        rows = api_tokens.visible_to(user)
        asked = ApiTokensQuery.of(request)
        whose = asked.get("user_id")
        if whose not in (None, user.pk) and not user.is_super_admin:
            raise NotPermitted("You may list your own API tokens; those of others a SUPER_ADMIN.")
        return listed(
            asked, rows.filter(user=whose or user.pk), name="tokens", serializer=ApiTokenSerializer
        )

    @endpoint(
        "createApiToken",
        tag="auth",
        takes=ApiTokenRequestSerializer,
        answers={201: one("token", NewApiTokenDetailSerializer)},
        fails=(403, 409),
        leads_to=("getApiToken id=token/id", "revokeApiToken id=token/id"),
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
        shown = ApiTokenSerializer.json_of(made.token)
        return Response({"token": shown | {"secret": made.secret}}, status=201)


class ApiTokenView(APIView):
    """One API token."""

    @endpoint("getApiToken", tag="auth", answers={200: one("token", ApiTokenSerializer)})
    def get(self, request: Request, pk: UUID) -> Response:
        """Show an API token of yours, without its secret."""
        token = api_tokens.get(user_of(request), pk)
        return Response({"token": ApiTokenSerializer.json_of(token)})

    @endpoint("revokeApiToken", tag="auth", answers={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Revoke an API token: it lets nobody in from now on. Twice is no error."""
        user = user_of(request)
        api_tokens.revoke(api_tokens.get(user, pk), by=user)
        return Response(status=204)
