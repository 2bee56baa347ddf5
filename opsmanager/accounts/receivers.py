"""What happens beside a login, and when a user is switched off."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from opsmanager.accounts import api_logins, api_tokens, sessions
from opsmanager.accounts.models import BrowserSession, User


@receiver(user_logged_in, dispatch_uid="accounts.begin_session")
def begin_session(request: object, **_: Any) -> None:
    """Note in the session who has signed in, since when and from where."""
    # A login over the API comes with REST framework's request, and touches no session.
    if isinstance(request, HttpRequest) and hasattr(request, "session"):
        sessions.begin(request)


@receiver(post_save, sender=User, dispatch_uid="accounts.end_of_access")
def end_access(instance: User, **_: Any) -> None:
    """End all logins and API tokens of a user who is switched off, so that none comes back."""
    if not instance.is_active:
        BrowserSession.objects.filter(user=instance).delete()
        api_logins.end_all(instance)
        api_tokens.end_all(instance, by=None)
