"""The endpoints of server groups."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from servers.api import queries, serializers
from servers.api.access import require
from servers.selectors import groups as selectors
from servers.services import servers


class GroupsView(APIView):
    """All server groups."""

    @endpoint(
        "listServerGroups",
        tag="servers",
        answers={200: page("groups", serializers.ServerGroupSerializer)},
        query=queries.NamedQuery,
        fails=(),
    )
    def get(self, request: Request) -> Response:
        """List the server groups that you may see."""
        return listed(
            queries.NamedQuery.of(request),
            selectors.visible_to(request.user),
            name="groups",
            serializer=serializers.ServerGroupSerializer,
        )

    @endpoint(
        "createServerGroup",
        tag="servers",
        takes=serializers.ServerGroupSerializer,
        answers={201: one("group", serializers.ServerGroupSerializer)},
        fails=(403, 409),
        leads_to=(
            "getServerGroup id=group/id",
            "updateServerGroup id=group/id",
            "deleteServerGroup id=group/id",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a server group."""
        require(request, "servers.add_servergroup")
        asked = serializers.ServerGroupSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        group = servers.save_group(actor=user_of(request), **asked.validated_data)
        return Response({"group": serializers.ServerGroupSerializer.json_of(group)}, status=201)


class GroupView(APIView):
    """One server group."""

    @endpoint(
        "getServerGroup",
        tag="servers",
        answers={200: one("group", serializers.ServerGroupSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a server group."""
        group = selectors.get(request.user, pk)
        return Response({"group": serializers.ServerGroupSerializer.json_of(group)})

    @endpoint(
        "updateServerGroup",
        tag="servers",
        takes=serializers.ServerGroupSerializer,
        answers={200: one("group", serializers.ServerGroupSerializer)},
        fails=(403, 404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a server group."""
        group = selectors.get(request.user, pk)
        require(request, "servers.change_servergroup")
        asked = serializers.ServerGroupSerializer(group, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        fields = {"name": group.name, "description": group.description}
        group = servers.save_group(
            actor=user_of(request), group=group, **(fields | asked.validated_data)
        )
        return Response({"group": serializers.ServerGroupSerializer.json_of(group)})

    @endpoint("deleteServerGroup", tag="servers", answers={204: None}, fails=(403, 404, 409))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a server group; its servers stay."""
        group = selectors.get(request.user, pk)
        require(request, "servers.delete_servergroup")
        servers.delete_group(actor=user_of(request), group=group)
        return Response(status=204)
