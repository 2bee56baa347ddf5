"""The endpoints of remediation rules."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api import rule_serializers as serializers
from incidents.api.rule_queries import DecisionsQuery, RulesQuery
from incidents.models import RemediationRule
from incidents.selectors import decisions
from incidents.selectors import rules as selectors
from incidents.services import rule_fields, rules, tryout
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed


class RulesView(APIView):
    """All rules."""

    @endpoint(
        "listRemediationRules",
        tag="remediation",
        answers={200: page("rules", serializers.RuleSerializer)},
        query=RulesQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List the rules in the order in which they are asked."""
        permissions.require_view(request.user, roles.VIEW_RULES)
        asked = RulesQuery.of(request)
        rows = RulesQuery.narrow(selectors.visible_to(request.user), asked)
        return listed(
            asked,
            selectors.search(rows, asked.get("search", "")),
            name="rules",
            serializer=serializers.RuleSerializer,
            prepare=selectors.with_counts,
        )

    @endpoint(
        "createRemediationRule",
        tag="remediation",
        takes=serializers.RuleFieldsSerializer,
        answers={201: one("rule", serializers.RuleSerializer)},
        fails=(403, 404, 409),
        leads_to=(
            "getRemediationRule id=rule/id",
            "updateRemediationRule id=rule/id",
            "deleteRemediationRule id=rule/id",
            "tryRemediationRule id=rule/id",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a rule, switched off: try it out, then switch it."""
        permissions.require(request.user, roles.MANAGE_RULES, rules.MAY_NOT)
        asked = serializers.RuleFieldsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = rules.save(actor=user_of(request), **asked.fields_for(request.user))
        return _shown(request, rule, status=201)


class RuleView(APIView):
    """One rule."""

    @endpoint(
        "getRemediationRule",
        tag="remediation",
        answers={200: one("rule", serializers.RuleSerializer)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Show a rule."""
        return _shown(request, selectors.get(request.user, pk))

    @endpoint(
        "updateRemediationRule",
        tag="remediation",
        takes=serializers.RuleChangeSerializer,
        answers={200: one("rule", serializers.RuleSerializer)},
        fails=(403, 404, 409),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is given of a rule; from then on it may do what you may."""
        rule = selectors.get(request.user, pk)
        permissions.require(request.user, roles.MANAGE_RULES, rules.MAY_NOT)
        asked = serializers.RuleChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.fields_for(request.user)
        is_confirmed = fields.pop("confirm")
        rule = rules.save(actor=user_of(request), rule=rule, is_confirmed=is_confirmed, **fields)
        return _shown(request, rule)

    @endpoint("deleteRemediationRule", tag="remediation", answers={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a rule and what it decided; the executions that it started stay."""
        rules.delete(actor=user_of(request), rule=selectors.get(request.user, pk))
        return Response(status=204)


class ModeView(APIView):
    """Switching a rule."""

    @endpoint(
        "switchRemediationRule",
        tag="remediation",
        takes=serializers.ModeSerializer,
        answers={200: one("rule", serializers.RuleSerializer)},
        fails=(403, 404),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Switch a rule off, or let it record, suggest or start; what is open is asked at once."""
        rule = selectors.get(request.user, pk)
        permissions.require(request.user, roles.MANAGE_RULES, rules.MAY_NOT)
        asked = serializers.ModeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = rules.set_mode(
            actor=user_of(request),
            rule=rule,
            mode=asked.validated_data["mode"],
            is_confirmed=asked.validated_data["confirm"],
        )
        return _shown(request, rule)


class TryView(APIView):
    """Trying a rule out."""

    @endpoint(
        "tryRemediationRule",
        tag="remediation",
        takes=serializers.DaysSerializer,
        answers={200: one("tryOut", serializers.TryOutSerializer)},
        fails=(403, 404),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Say what the rule would have done about past incidents; nothing is started."""
        rule = selectors.get(request.user, pk)
        asked = serializers.DaysSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _tried(request, rule, asked.validated_data["days"])


class TryNewView(APIView):
    """Trying out a rule that is not saved."""

    @endpoint(
        "tryNewRemediationRule",
        tag="remediation",
        takes=serializers.TryNewSerializer,
        answers={200: one("tryOut", serializers.TryOutSerializer)},
        fails=(403, 404, 409),
    )
    def post(self, request: Request) -> Response:
        """Say what a rule like this would have done about past incidents; nothing is saved."""
        permissions.require(request.user, roles.MANAGE_RULES, rules.MAY_NOT)
        asked = serializers.TryNewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.fields_for(request.user)
        days = fields.pop("days")
        rule = RemediationRule()
        rule_fields.put(rule, fields)
        return _tried(request, rule, days)


class DecisionsView(APIView):
    """What a rule decided."""

    @endpoint(
        "listRemediationDecisions",
        tag="remediation",
        answers={200: page("decisions", serializers.DecisionSerializer)},
        query=DecisionsQuery,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """List what the rule decided about incidents and why, newest first."""
        rule = selectors.get(request.user, pk)
        asked = DecisionsQuery.of(request)
        return listed(
            asked,
            DecisionsQuery.narrow(decisions.of_rule(request.user, rule), asked),
            name="decisions",
            serializer=serializers.DecisionSerializer,
        )


def _shown(request: Request, rule: RemediationRule, *, status: int = 200) -> Response:
    row = selectors.with_counts(selectors.visible_to(request.user)).get(pk=rule.pk)
    return Response({"rule": serializers.RuleSerializer.json_of(row)}, status=status)


def _tried(request: Request, rule: RemediationRule, days: int) -> Response:
    found: Any = tryout.try_rule(user_of(request), rule, days=days)
    return Response({"tryOut": serializers.TryOutSerializer.json_of(found)})
