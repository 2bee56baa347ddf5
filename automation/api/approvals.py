"""The endpoints of approvals: what waits for other people, and what they say."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from automation.api import approval_serializers as serializers
from automation.api.queries import ApprovalsQuery
from automation.models import Approval
from automation.selectors import approvals as selectors
from automation.services import approval_rules as rules
from automation.services import approvals
from opsmanager.accounts import permissions, roles
from opsmanager.accounts.requests import user_of
from opsmanager.common.api.describe import endpoint
from opsmanager.common.api.envelopes import one, page
from opsmanager.common.api.paging import listed

_ONE = one("approval", serializers.ApprovalSerializer)
_TAG = "approvals"


class ApprovalsView(APIView):
    """All approvals."""

    @endpoint(
        "listApprovals",
        tag=_TAG,
        answers={200: page("approvals", serializers.ApprovalSerializer)},
        query=ApprovalsQuery,
        fails=(403,),
    )
    def get(self, request: Request) -> Response:
        """List approvals, newest first. ``mine`` are those that wait for you, or your review."""
        permissions.require_view(request.user, roles.VIEW_APPROVALS)
        asked = ApprovalsQuery.of(request)
        rows = ApprovalsQuery.narrow(
            selectors.with_votes(selectors.visible_to(request.user)), asked
        )
        if "mine" in asked:
            rows = selectors.mine(request.user, rows, which=asked["mine"])
        return listed(asked, rows, name="approvals", serializer=serializers.ApprovalSerializer)


class ApprovalView(APIView):
    """One approval."""

    @endpoint("getApproval", tag=_TAG, answers={200: _ONE})
    def get(self, request: Request, pk: UUID) -> Response:
        """Show an approval: what for, until when, and what was said so far."""
        return _shown(selectors.get(request.user, pk))


class ApproveView(APIView):
    """Approving."""

    @endpoint("grantApproval", tag=_TAG, takes=serializers.ApproveSerializer, answers={200: _ONE})
    def post(self, request: Request, pk: UUID) -> Response:
        """Approve it. Once as many have as are needed, what waited for it goes on."""
        approval = selectors.get(request.user, pk)
        rules.require_granting(request.user)
        asked = serializers.ApproveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _shown(
            approvals.vote(
                actor=user_of(request), approval=approval, approves=True, **asked.validated_data
            )
        )


class RejectView(APIView):
    """Rejecting."""

    @endpoint("rejectApproval", tag=_TAG, takes=serializers.RejectSerializer, answers={200: _ONE})
    def post(self, request: Request, pk: UUID) -> Response:
        """Reject it: what waited for it is not begun."""
        approval = selectors.get(request.user, pk)
        rules.require_granting(request.user)
        asked = serializers.RejectSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _shown(
            approvals.vote(
                actor=user_of(request), approval=approval, approves=False, **asked.validated_data
            )
        )


class BypassView(APIView):
    """Going on without an approval."""

    @endpoint("bypassApproval", tag=_TAG, takes=serializers.BypassSerializer, answers={200: _ONE})
    def post(self, request: Request, pk: UUID) -> Response:
        """Go on without it, in an emergency: it is told at once, and others review it later."""
        approval = selectors.get(request.user, pk)
        rules.require_bypassing(request.user)
        asked = serializers.BypassSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _shown(
            approvals.bypass(actor=user_of(request), approval=approval, **asked.validated_data)
        )


class ReviewView(APIView):
    """Reviewing what went ahead without approval."""

    @endpoint("reviewApproval", tag=_TAG, takes=serializers.ReviewSerializer, answers={200: _ONE})
    def post(self, request: Request, pk: UUID) -> Response:
        """Note what you make of it that somebody went on without approval."""
        approval = selectors.get(request.user, pk)
        rules.require_granting(request.user)
        asked = serializers.ReviewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _shown(
            approvals.review(actor=user_of(request), approval=approval, **asked.validated_data)
        )


def _shown(approval: Approval) -> Response:
    return Response({"approval": serializers.ApprovalSerializer.json_of(approval)})
