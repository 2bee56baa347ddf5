"""Tells the channels that people are asked for an approval, and that somebody went on without."""

import structlog
from django.db import OperationalError, transaction

from automation.models import Approval
from automation.selectors import approvals as selectors
from opsmanager.common.terminal_text import visible
from opsmanager.notifications import outbox
from opsmanager.notifications.message import Event, Message
from servers.models import Environment, Server
from servers.selectors import groups

log = structlog.get_logger(__name__)


def tell_requested(approval: Approval) -> None:
    """Tell who may approve that somebody asks; in the caller's transaction."""
    until = f"{approval.expires_at:%Y-%m-%d %H:%M} UTC"
    people = "approval" if approval.needed == 1 else f"{approval.needed} approvals"
    server = _server(approval)
    is_production = server is not None and server.environment == Environment.PRODUCTION
    asker = approval.asked_by
    _tell(
        approval,
        Event.APPROVAL_REQUESTED,
        severity="HIGH" if is_production else "MEDIUM",
        title=f"{approval.title} waits for {people}",
        lines=[
            _what(approval),
            f"Asked for by {asker.get_username()}." if asker else "",
            f"Reason given: {approval.message}" if approval.message else "",
            f"It wants the approval of {selectors.people(approval.needed)}, until {until}.",
            "Look at what would happen, then approve or reject it:",
        ],
    )


def tell_bypassed(approval: Approval) -> None:
    """Tell that somebody went on without an approval; in the caller's transaction."""
    who = approval.bypassed_by.get_username() if approval.bypassed_by else "Somebody"
    _tell(
        approval,
        Event.APPROVAL_BYPASSED,
        severity="HIGH",
        title=f"{who} went on without approval: {approval.title}",
        lines=[
            _what(approval),
            f"Reason given: {approval.bypass_reason}",
            "Somebody else has to review that:",
        ],
    )


def _tell(approval: Approval, event: Event, *, severity: str, title: str, lines: list[str]) -> None:
    if not outbox.is_heard(event):
        return
    execution = approval.execution
    try:
        with transaction.atomic():
            outbox.tell(
                Message(
                    event=event,
                    severity=severity,
                    title=title,
                    body="\n".join(visible(line) for line in lines if line),
                    path=f"/approvals/{approval.pk}/",
                    key=f"approval:{approval.pk}:{event}",
                    runbook_id=execution.runbook.runbook_id if execution else "",
                    group_ids=groups.keys_of(_server(approval)),
                )
            )
    except OperationalError:
        raise
    except Exception:
        # Whoever should have heard of it finds it on the home page.
        log.exception("nobody told", approval=str(approval.pk), happened=str(event))


def _what(approval: Approval) -> str:
    """Say what is going to happen, with what."""
    execution = approval.execution
    if execution is not None:
        server = execution.server
        given = ", ".join(f"{name} {value}" for name, value in execution.parameters.items())
        place = f"{server.name} ({server.hostname}, {server.get_environment_display().lower()})"
        what = f"{execution.runbook.title} ({execution.runbook.runbook_id}) on {place}"
        return f"{what} with {given}." if given else f"{what}."
    step = approval.step
    return f"The workflow {step.run.name} waits at {step.key}." if step else ""


def _server(approval: Approval) -> Server | None:
    if approval.execution is not None:
        return approval.execution.server
    return approval.step.server if approval.step else None
