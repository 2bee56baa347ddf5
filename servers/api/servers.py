"""The endpoints of servers."""

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
from servers.models import Server
from servers.selectors import servers as selectors
from servers.services import servers


class ServersView(APIView):
    """All servers."""

    @endpoint(
        "listServers",
        tag="servers",
        answers={200: page("servers", serializers.ServerSerializer)},
        query=queries.ServersQuery,
        fails=(),
    )
    def get(self, request: Request) -> Response:
        """List the servers that you may see."""
        asked = queries.ServersQuery.of(request)
        rows = queries.ServersQuery.narrow(selectors.visible_to(request.user), asked)
        return listed(
            asked,
            selectors.search(rows, asked.get("search", "")).prefetch_related("groups"),
            name="servers",
            serializer=serializers.ServerSerializer,
        )

    @endpoint(
        "createServer",
        tag="servers",
        takes=serializers.ServerSerializer,
        answers={201: one("server", serializers.ServerSerializer)},
        fails=(403, 409),
        leads_to=(
            "getServer id=server/id",
            "updateServer id=server/id",
            "getHostKey id=server/id",
            "acceptHostKey id=server/id",
            "checkServer id=server/id",
            "deleteServer id=server/id",
        ),
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
        fails=(403, 404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a server."""
        server = selectors.get(request.user, pk)
        require(request, "servers.change_server")
        return _server(_save_server(request, server))

    @endpoint("deleteServer", tag="servers", answers={204: None}, fails=(403, 404, 409))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a server on which nothing ever ran."""
        server = selectors.get(request.user, pk)
        require(request, "servers.delete_server")
        servers.delete(actor=user_of(request), server=server)
        return Response(status=204)


def _save_server(request: Request, server: Server | None) -> Server:
    asked = serializers.ServerSerializer(server, data=request.data, partial=server is not None)
    asked.is_valid(raise_exception=True)
    return servers.save(actor=user_of(request), server=server, **asked.validated_data)


def _server(server: Server, *, status: int = 200) -> Response:
    return Response({"server": serializers.ServerSerializer.json_of(server)}, status=status)
