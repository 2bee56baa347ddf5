"""Ends logins, and deletes what is left of those that are over: sessions, tokens, counted tries."""

from django.utils import timezone

from opsmanager.accounts import api_logins, api_tokens, throttle
from opsmanager.accounts.models import ApiLogin, BrowserSession
from opsmanager.accounts.sessions import SessionStore


def prune() -> None:
    """Delete all that can let nobody in, and keep nobody out, any more."""
    SessionStore.clear_expired()
    api_logins.prune()
    api_tokens.prune()
    throttle.prune()


def sign_everybody_out() -> int:
    """End every login, by browser and over the API; return how many. API tokens stay."""
    browsers, _ = BrowserSession.objects.all().delete()
    programs = ApiLogin.objects.filter(ended_at=None).update(
        ended_at=timezone.now(), ended_why="REVOKED"
    )
    return browsers + programs
