"""Deletes what is left of logins that are over: sessions, tokens and counted tries."""

from opsmanager.accounts import api_logins, api_tokens, throttle
from opsmanager.accounts.sessions import SessionStore


def prune() -> None:
    """Delete all that can let nobody in, and keep nobody out, any more."""
    SessionStore.clear_expired()
    api_logins.prune()
    api_tokens.prune()
    throttle.prune()
