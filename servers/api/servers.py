"""The endpoints of servers."""

from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.filters import filtered
from opsmanager.common.api.paging import listed
from servers.api import serializers
from servers.api.access import require
from servers.models import Server
from servers.selectors import servers as selectors
from servers.services import servers


class ServersView(APIView):
    """All servers."""

    @endpoint(
        "listServers",
        tag="servers",
        answers={200: page("servers", serializers.ServerSerializer)},
        fails=(400, 401),
        filters=("search", "environment", "platform", "groupId", "isActive"),
        ordering=("name", "hostname", "createdAt"),
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """List the servers that you may see."""
        return listed(
            request,
            _filtered(request, selectors.visible_to(request.user)),
            name="servers",
            serializer=serializers.ServerSerializer,
            ordering=("name", "hostname", "createdAt"),
        )

    @endpoint(
        "createServer",
        tag="servers",
        takes=serializers.ServerSerializer,
        answers={201: one("server", serializers.ServerSerializer)},
        fails=(400, 401, 403),
    )
    def post(self, request: Request) -> Response:
        """Add a server. Look at its host key next, and accept it."""
        require(request, "servers.add_server")
        server = _save_server(request, None)
        return _server(server, status=201)


class ServerView(APIView):
    """One server."""

    @endpoint(
        "getServer", tag="servers", answers={200: one("server", serializers.ServerSerializer)}
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a server."""
        return _server(selectors.get(request.user, pk))

    @endpoint(
        "updateServer",
        tag="servers",
        takes=serializers.ServerSerializer,
        answers={200: one("server", serializers.ServerSerializer)},
        fails=(400, 401, 403, 404),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a server."""
        server = selectors.get(request.user, pk)
        require(request, "servers.change_server")
        return _server(_save_server(request, server))

    @endpoint("deleteServer", tag="servers", answers={204: None}, fails=(401, 403, 404, 409))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a server on which nothing ever ran."""
        server = selectors.get(request.user, pk)
        require(request, "servers.delete_server")
        servers.delete(actor=user_of(request), server=server)
        return Response(status=204)


def _filtered(request: Request, rows: QuerySet[Server]) -> QuerySet[Server]:
    asked = request.query_params
    rows = filtered(
        rows,
        asked,
        words={"environment": "environment", "platform": "platform"},
        uuids={"groupId": "groups"},
        flags={"isActive": "is_active"},
    )
    return selectors.search(rows, asked.get("search", "")).prefetch_related("groups")


def _save_server(request: Request, server: Server | None) -> Server:
    asked = serializers.ServerSerializer(server, data=request.data, partial=server is not None)
    asked.is_valid(raise_exception=True)
    return servers.save(actor=user_of(request), server=server, **asked.validated_data)


def _server(server: Server, *, status: int = 200) -> Response:
    return Response({"server": serializers.ServerSerializer(server).data}, status=status)
