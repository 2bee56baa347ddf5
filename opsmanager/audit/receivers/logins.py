"""Logins, and refused ones, go into the trail."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from opsmanager.accounts.models import User
from opsmanager.audit import trail


@receiver(user_logged_in, dispatch_uid="audit.logged_in")
def note_login(user: User, **_: Any) -> None:
    """Record a login."""
    trail.record("LOGIN", actor=user, target=user)


@receiver(user_logged_out, dispatch_uid="audit.logged_out")
def note_logout(user: User | None, **_: Any) -> None:
    """Record a logout."""
    if user is not None:
        trail.record("LOGOUT", actor=user, target=user)


@receiver(user_login_failed, dispatch_uid="audit.login_failed")
def note_refused_login(credentials: dict[str, Any], **_: Any) -> None:
    """Record a refused login; of what was typed only the name."""
    name = str(credentials.get("username", ""))[:150]
    trail.refuse("LOGIN_FAILED", actor=None, message="Wrong name or password.", username=name)
