"""Running something again from its monitor: as it was, or as a dry run has shown it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from automation.engine.results import Status
from automation.selectors import executions as selectors
from automation.services import retrying
from automation.services.executions import Launch, launch
from automation.web.confirmation import require_name_typed
from opsmanager.accounts.requests import user_of
from opsmanager.common.form_key import key_of
from opsmanager.common.htmx import go_to
from opsmanager.common.problems import InvalidState


@require_POST
def execution_run_exactly(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run for real what a dry run showed: same runbook, same server, same parameters."""
    dry = selectors.get(request.user, pk)
    if not dry.is_dry_run or dry.status != Status.SUCCESS:
        raise InvalidState("Only a dry run that succeeded can be run exactly.")
    require_name_typed(request, dry.server)
    execution = launch(
        Launch(
            actor=user_of(request),
            runbook=dry.runbook,
            server=dry.server,
            parameters=dry.parameters,
            is_confirmed=True,
            incident_id=dry.incident_id,
            reason=dry.reason,
            dry_run=dry,
            idempotency_key=key_of(request),
        )
    )
    return go_to(request, "automation:execution_detail", pk=execution.pk)


@require_POST
def execution_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run it once more with the same parameters, and show the monitor of the new one."""
    execution = selectors.get(request.user, pk)
    retrying.require_retry_permission(user_of(request))
    if not execution.is_dry_run:
        require_name_typed(request, execution.server)
    again = retrying.retry(
        actor=user_of(request),
        execution=execution,
        is_confirmed=True,
        idempotency_key=key_of(request),
    )
    return go_to(request, "automation:execution_detail", pk=again.pk)
