"""The endpoints of rules that were stopped, and of why rules did or did not act."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api import rule_serializers as serializers
from incidents.api.rule_queries import BreakersQuery
from incidents.selectors import breakers as selectors
from incidents.selectors import incidents, rules
from incidents.services import breakers, reasons
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed
from servers.selectors import servers


class BreakersView(APIView):
    """All rules that were stopped for a server."""

    @endpoint(
        "listRemediationBreakers",
        tag="remediation",
        answers={200: page("breakers", serializers.BreakerSerializer)},
        query=BreakersQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List where rules were stopped because they did not help, newest first."""
        permissions.require_view(request.user, roles.VIEW_RULES)
        asked = BreakersQuery.of(request)
        rows = BreakersQuery.narrow(selectors.visible_to(request.user), asked)
        if "is_open" in asked:
            rows = rows.filter(rearmed_at__isnull=asked["is_open"])
        return listed(asked, rows, name="breakers", serializer=serializers.BreakerSerializer)


class RearmView(APIView):
    """Re-arming a rule."""

    @endpoint(
        "rearmRemediationRule",
        tag="remediation",
        takes=serializers.RearmSerializer,
        answers={200: one("breaker", serializers.BreakerSerializer)},
        fails=(403, 404),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a rule act on a server again, once you know why it did not help there."""
        rule = rules.get(request.user, pk)
        asked = serializers.RearmSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        breaker = breakers.rearm(
            actor=user_of(request),
            rule=rule,
            server=servers.get(request.user, asked.validated_data["server_id"]),
            reason=asked.validated_data["reason"],
        )
        return Response({"breaker": serializers.BreakerSerializer.json_of(breaker)})


class WhyView(APIView):
    """Why rules did or did not act on an incident."""

    @endpoint(
        "explainIncident",
        tag="remediation",
        answers={200: serializers.ReasonsSerializer},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Say of each rule which conditions and guards hold now, and what it decided last."""
        incident = incidents.get(request.user, pk)
        permissions.require_view(request.user, roles.VIEW_RULES)
        found = reasons.why(request.user, incident)
        return Response({"reasons": serializers.ReasonSerializer.json_of_each(found)})
