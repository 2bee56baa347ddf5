"""The endpoints of looking at a server: can it be reached, and is it itself?"""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one
from servers.api import serializers
from servers.api.access import require
from servers.models import Probe, ProbeKind, Server
from servers.selectors import host_keys as host_key_selectors
from servers.selectors import servers as selectors
from servers.services import host_keys, probes


class CheckView(APIView):
    """Logging in to a server, to see whether it can be reached."""

    @endpoint(
        "checkServer",
        tag="servers",
        answers={200: one("check", serializers.CheckSerializer)},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker log in to the server, and say what it found."""
        server = selectors.get(request.user, pk)
        probe = probes.request(actor=user_of(request), server=server, kind=ProbeKind.CHECK)
        return Response({"check": serializers.CheckSerializer.json_of(probes.wait(probe))})


class HostKeyView(APIView):
    """The host key of a server."""

    @endpoint(
        "getHostKey",
        tag="servers",
        answers={200: one("hostKey", serializers.HostKeySerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Let a worker look at the key that the server offers now, and compare."""
        server = selectors.get(request.user, pk)
        probe = probes.wait(
            probes.request(actor=user_of(request), server=server, kind=ProbeKind.HOST_KEY)
        )
        return _host_key(server, probe)

    @endpoint(
        "acceptHostKey",
        tag="servers",
        takes=serializers.FingerprintSerializer,
        answers={200: one("hostKey", serializers.HostKeySerializer)},
        fails=(403, 404, 409),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Accept the offered key, if it is the one with this fingerprint."""
        server = selectors.get(request.user, pk)
        require(request, "servers.change_server")
        asked = serializers.FingerprintSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        host_keys.accept(actor=user_of(request), server=server, **asked.validated_data)
        return _host_key(server)


def _host_key(server: Server, probe: Probe | None = None) -> Response:
    """Return what is known; after a look that saw no key, none is offered."""
    known = host_key_selectors.of(server)
    failed = probe is not None and not probe.reachable
    shown: dict[str, Any] = {
        "status": known.status,
        "accepted": serializers.key_as_json(known.accepted),
        "offered": None if failed else serializers.key_as_json(known.offered),
        "errorCode": probe.error_code if probe and failed else "",
        "message": probe.message if probe and failed else "",
    }
    return Response({"hostKey": shown})
