"""Writing the trail: one line beside each change of state, in the same transaction."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

from opsmanager.accounts.models import User
from opsmanager.audit.middleware import current_address
from opsmanager.audit.models import AuditEvent
from opsmanager.common import secrets_in_use

Actor = User | AnonymousUser | str | None
"""A user, or the name of what acted by itself, such as ``"worker:host-1"``."""


def record(
    verb: str,
    *,
    actor: Actor,
    target: Model | None = None,
    outcome: str = "OK",
    message: str = "",
    **details: Any,
) -> AuditEvent:
    """Record one event. ``details`` must be JSON; secrets in them, and in names, are masked."""
    kind, actor_id, name = _who(actor)
    redactor = secrets_in_use.redactor()
    return AuditEvent.objects.create(
        verb=verb,
        outcome=outcome,
        actor_type=kind,
        actor_id=actor_id,
        actor_name=name,
        address=current_address(),
        target_type=type(target).__name__ if target else "",
        target_id=str(target.pk) if target else "",
        target_name=redactor.text(str(target))[:300] if target else "",
        message=redactor.sentence(message),
        details=redactor.value(details),
    )


def _who(actor: Actor) -> tuple[str, str, str]:
    if isinstance(actor, User):
        return "USER", str(actor.pk), actor.get_username()
    if isinstance(actor, str):
        kind, _, name = actor.partition(":")
        return kind.upper(), "", name
    return "ANONYMOUS", "", ""
