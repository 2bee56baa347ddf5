"""The endpoints of servers, groups and credentials."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.accounts import permissions
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.filters import filtered
from opsmanager.common.api.paging import listed
from opsmanager.common.problems import Unavailable
from servers.api import serializers
from servers.models import Credential, ProbeKind, Server, ServerGroup
from servers.selectors import host_keys as host_key_selectors
from servers.selectors import servers as selectors
from servers.services import credentials, host_keys, probes, servers

_M = TypeVar("_M", bound=Model)
_MAY_NOT = "Only administrators may change servers, groups and credentials."


def _require(request: Request, permission: str) -> None:
    permissions.require(request.user, permission, _MAY_NOT)


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
        _require(request, "servers.add_server")
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
        _require(request, "servers.change_server")
        return _server(_save_server(request, server))

    @endpoint("deleteServer", tag="servers", answers={204: None}, fails=(401, 403, 404, 409))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a server on which nothing ever ran."""
        server = selectors.get(request.user, pk)
        _require(request, "servers.delete_server")
        servers.delete(actor=user_of(request), server=server)
        return Response(status=204)


class CheckView(APIView):
    """Logging in to a server, to see whether it can be reached."""

    @endpoint(
        "checkServer",
        tag="servers",
        answers={200: one("check", serializers.CheckSerializer)},
        fails=(401, 403, 404, 503),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker log in to the server, and say what it found."""
        server = selectors.get(request.user, pk)
        probe = probes.request(actor=user_of(request), server=server, kind=ProbeKind.CHECK)
        found = serializers.CheckSerializer(probes.wait(probe))
        return Response({"check": found.data})


class HostKeyView(APIView):
    """The host key of a server."""

    @endpoint(
        "getHostKey",
        tag="servers",
        answers={200: one("hostKey", serializers.HostKeySerializer)},
        fails=(401, 403, 404, 503),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Let a worker look at the key that the server offers now, and compare."""
        server = selectors.get(request.user, pk)
        probe = probes.wait(
            probes.request(actor=user_of(request), server=server, kind=ProbeKind.HOST_KEY)
        )
        if not probe.reachable:
            raise Unavailable(probe.message, code=probe.error_code)
        return _host_key(server)

    @endpoint(
        "acceptHostKey",
        tag="servers",
        takes=serializers.FingerprintSerializer,
        answers={200: one("hostKey", serializers.HostKeySerializer)},
        fails=(400, 401, 403, 404, 409),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Accept the offered key, if it is the one with this fingerprint."""
        server = selectors.get(request.user, pk)
        _require(request, "servers.change_server")
        asked = serializers.FingerprintSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        host_keys.accept(actor=user_of(request), server=server, **asked.validated_data)
        return _host_key(server)


class GroupsView(APIView):
    """All server groups."""

    @endpoint(
        "listServerGroups",
        tag="servers",
        answers={200: page("groups", serializers.ServerGroupSerializer)},
        fails=(400, 401),
        ordering=("name",),
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """List the server groups."""
        rows = _listed_for(request, "servers.view_servergroup", ServerGroup.objects.all())
        return listed(
            request,
            rows,
            name="groups",
            serializer=serializers.ServerGroupSerializer,
            ordering=("name",),
        )

    @endpoint(
        "createServerGroup",
        tag="servers",
        takes=serializers.ServerGroupSerializer,
        answers={201: one("group", serializers.ServerGroupSerializer)},
        fails=(400, 401, 403),
    )
    def post(self, request: Request) -> Response:
        """Make a server group."""
        _require(request, "servers.add_servergroup")
        asked = serializers.ServerGroupSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        group = servers.save_group(actor=user_of(request), **asked.validated_data)
        return Response({"group": serializers.ServerGroupSerializer(group).data}, status=201)


class GroupView(APIView):
    """One server group."""

    @endpoint(
        "getServerGroup",
        tag="servers",
        answers={200: one("group", serializers.ServerGroupSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a server group."""
        rows = _listed_for(request, "servers.view_servergroup", ServerGroup.objects.all())
        group = get_object_or_404(rows, pk=pk)
        return Response({"group": serializers.ServerGroupSerializer(group).data})

    @endpoint("deleteServerGroup", tag="servers", answers={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a server group; its servers stay."""
        _require(request, "servers.delete_servergroup")
        servers.delete_group(actor=user_of(request), group=get_object_or_404(ServerGroup, pk=pk))
        return Response(status=204)


class CredentialsView(APIView):
    """All credentials, without their secrets."""

    @endpoint(
        "listCredentials",
        tag="servers",
        answers={200: page("credentials", serializers.CredentialSerializer)},
        fails=(400, 401),
        ordering=("name",),
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """List the credentials."""
        rows = _listed_for(request, "servers.view_credential", Credential.objects.all())
        return listed(
            request,
            rows,
            name="credentials",
            serializer=serializers.CredentialSerializer,
            ordering=("name",),
        )

    @endpoint(
        "createCredential",
        tag="servers",
        takes=serializers.CredentialSerializer,
        answers={201: one("credential", serializers.CredentialSerializer)},
        fails=(400, 401, 403, 503),
    )
    def post(self, request: Request) -> Response:
        """Make a credential. Its secrets are sealed at once and never shown again."""
        _require(request, "servers.add_credential")
        asked = serializers.CredentialSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = credentials.save(actor=user_of(request), **asked.validated_data)
        return Response({"credential": serializers.CredentialSerializer(row).data}, status=201)


class CredentialView(APIView):
    """One credential, without its secrets."""

    @endpoint(
        "getCredential",
        tag="servers",
        answers={200: one("credential", serializers.CredentialSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a credential."""
        row = self._row(request, pk)
        return Response({"credential": serializers.CredentialSerializer(row).data})

    @endpoint(
        "updateCredential",
        tag="servers",
        takes=serializers.CredentialSerializer,
        answers={200: one("credential", serializers.CredentialSerializer)},
        fails=(400, 401, 403, 404, 503),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a credential; a secret that is not given stays."""
        row = self._row(request, pk)
        _require(request, "servers.change_credential")
        asked = serializers.CredentialSerializer(row, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        fields = {"name": row.name, "username": row.username, "auth_type": row.auth_type}
        row = credentials.save(
            actor=user_of(request), credential=row, **(fields | asked.validated_data)
        )
        return Response({"credential": serializers.CredentialSerializer(row).data})

    @endpoint("deleteCredential", tag="servers", answers={204: None}, fails=(401, 403, 404, 409))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a credential that no server uses."""
        row = self._row(request, pk)
        _require(request, "servers.delete_credential")
        credentials.delete(actor=user_of(request), credential=row)
        return Response(status=204)

    @staticmethod
    def _row(request: Request, pk: UUID) -> Credential:
        rows = _listed_for(request, "servers.view_credential", Credential.objects.all())
        return get_object_or_404(rows, pk=pk)


def _listed_for(request: Request, permission: str, rows: QuerySet[_M]) -> QuerySet[_M]:
    return rows if permissions.may(request.user, permission) else rows.none()


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


def _host_key(server: Server) -> Response:
    known = host_key_selectors.of(server)
    shown: dict[str, Any] = {
        "status": known.status,
        "accepted": serializers.key_as_json(known.accepted),
        "offered": serializers.key_as_json(known.offered),
    }
    return Response({"hostKey": shown})
