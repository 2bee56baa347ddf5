"""API tokens that were made and revoked go into the trail, which keeps them when they are gone."""

from typing import Any

from django.dispatch import receiver

from opsmanager.accounts import signals
from opsmanager.accounts.models import ApiToken, User
from opsmanager.audit import trail


@receiver(signals.api_token_created, dispatch_uid="audit.api_token_created")
def note_created(token: ApiToken, **_: Any) -> None:
    """Record a token with its limits; never its text."""
    trail.record(
        "API_TOKEN_CREATED",
        actor=token.user,
        target=token,
        permissions=token.permissions,
        serverIds=_texts(token.server_ids),
        serverGroupIds=_texts(token.group_ids),
        expiresAt=token.expires_at.isoformat(),
    )


@receiver(signals.api_token_revoked, dispatch_uid="audit.api_token_revoked")
def note_revoked(token: ApiToken, by: User | None, **_: Any) -> None:
    """Record that a token was revoked, and whose it was."""
    trail.record(
        "API_TOKEN_REVOKED",
        actor=by or trail.current_actor() or "worker:accounts",
        target=token,
        message="" if by else "The account was switched off.",
        user=token.user.get_username(),
    )


def _texts(ids: list[Any] | None) -> list[str] | None:
    return None if ids is None else [str(each) for each in ids]
