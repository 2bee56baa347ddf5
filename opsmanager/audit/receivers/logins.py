"""Logins, refused ones, and changes of users go into the trail."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from opsmanager.accounts import signals
from opsmanager.accounts.models import User
from opsmanager.audit import trail


@receiver(user_logged_in, dispatch_uid="audit.logged_in")
def note_login(user: User, request: object = None, **_: Any) -> None:
    """Record a login, and by what, where that was no password."""
    subject = getattr(request, "signed_on_as", None)
    by = {"by": "single sign-on", "subject": subject} if subject else {}
    trail.record("LOGIN", actor=user, target=user, **by)


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


@receiver(signals.sign_on_refused, dispatch_uid="audit.sign_on_refused")
def note_refused_sign_on(reason: str, username: str, subject: str, **_: Any) -> None:
    """Record that somebody whom the provider knows, or who said so, did not get in."""
    trail.refuse(
        "LOGIN_FAILED",
        actor=None,
        message=reason,
        by="single sign-on",
        username=username[:150],
        subject=subject,
    )


@receiver(signals.login_throttled, dispatch_uid="audit.login_throttled")
def note_throttled_login(username: str, **_: Any) -> None:
    """Record that logins have to wait; once a wait, or whoever guesses could fill the trail."""
    trail.record("LOGIN_THROTTLED", actor=None, outcome="REFUSED", username=username[:150])


@receiver(signals.api_login_ended, dispatch_uid="audit.api_login_ended")
def note_ended_api_login(user: User | None, why: str, **_: Any) -> None:
    """Record that the tokens of a login were revoked, or that one was used by two."""
    if why == "REUSED":
        message = "A refresh token was used again, so all tokens of its login were ended."
        trail.record("TOKEN_REUSED", actor=user, target=user, outcome="REFUSED", message=message)
    else:
        trail.record("LOGOUT", actor=user, target=user)


@receiver(signals.session_ended, dispatch_uid="audit.session_ended")
def note_ended_session(user: User, count: int, **_: Any) -> None:
    """Record that a user ended other sessions."""
    trail.record("SESSION_ENDED", actor=user, target=user, count=count)
