"""The endpoints of credentials."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.accounts import permissions
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from servers.api import queries, serializers
from servers.api.access import listed_for, require
from servers.models import Credential
from servers.services import credentials


class CredentialsView(APIView):
    """All credentials, without their secrets."""

    @endpoint(
        "listCredentials",
        tag="servers",
        answers={200: page("credentials", serializers.CredentialSerializer)},
        query=queries.NamedQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List the credentials."""
        permissions.require_view(request.user, "servers.view_credential")
        return listed(
            queries.NamedQuery.of(request),
            Credential.objects.all(),
            name="credentials",
            serializer=serializers.CredentialSerializer,
        )

    @endpoint(
        "createCredential",
        tag="servers",
        takes=serializers.CredentialSerializer,
        answers={201: one("credential", serializers.CredentialSerializer)},
        fails=(403, 409),
        leads_to=(
            "getCredential id=credential/id",
            "updateCredential id=credential/id",
            "deleteCredential id=credential/id",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a credential. Its secrets are sealed at once and never shown again."""
        require(request, "servers.add_credential")
        asked = serializers.CredentialSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = credentials.save(actor=user_of(request), **asked.validated_data)
        return Response({"credential": serializers.CredentialSerializer.json_of(row)}, status=201)


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
        return Response({"credential": serializers.CredentialSerializer.json_of(row)})

    @endpoint(
        "updateCredential",
        tag="servers",
        takes=serializers.CredentialSerializer,
        answers={200: one("credential", serializers.CredentialSerializer)},
        fails=(403, 404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a credential; a secret that is not given stays."""
        row = self._row(request, pk)
        require(request, "servers.change_credential")
        asked = serializers.CredentialSerializer(row, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        fields = {"name": row.name, "username": row.username, "auth_type": row.auth_type}
        row = credentials.save(
            actor=user_of(request), credential=row, **(fields | asked.validated_data)
        )
        return Response({"credential": serializers.CredentialSerializer.json_of(row)})

    @endpoint("deleteCredential", tag="servers", answers={204: None}, fails=(403, 404, 409))
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a credential that no server uses."""
        row = self._row(request, pk)
        require(request, "servers.delete_credential")
        credentials.delete(actor=user_of(request), credential=row)
        return Response(status=204)

    @staticmethod
    def _row(request: Request, pk: UUID) -> Credential:
        rows = listed_for(request, "servers.view_credential", Credential.objects.all())
        return get_object_or_404(rows, pk=pk)
