"""The approval that an execution waits for, or waited for, as its own JSON shows it."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from automation.models import ApprovalState, Execution
from automation.selectors import approvals
from opsmanager.common.api.case import Serializer


@extend_schema_serializer(component_name="ExecutionApproval")
class ExecutionApprovalSerializer(Serializer):
    """How far the approval of an execution is."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(ApprovalState.values)
    needed = serializers.IntegerField()
    given = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


def shown(execution: Execution) -> Any:
    """Return the approval that was asked for it as JSON, ``None`` where none was.

    Of a list, :func:`approvals.with_approvals` has looked for all of them at once.
    """
    if not hasattr(execution, "approval_asked"):
        approvals.with_approvals([execution])
    asked = execution.approval_asked  # type: ignore[attr-defined]
    return ExecutionApprovalSerializer.json_of(asked) if asked else None
