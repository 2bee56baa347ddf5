"""Asks again who calls, for an answer that lasts: what a login ended by should end it, too."""

from copy import copy
from typing import Any

from django.contrib.auth import get_user
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from opsmanager.accounts.models import User


def caller_now(request: Request) -> User:
    """Return whose request it is by what is true now, the token or session looked at anew.

    Raises ``AuthenticationFailed`` or ``NotAuthenticated``.
    """
    # A copy: the request keeps whom it knew, and what was read for that.
    called = copy(request._request)  # noqa: SLF001 - REST framework's only way to Django's request
    session = getattr(called, "session", None)
    if session is not None:
        called.session = type(session)(session.session_key)
        called.user = get_user(called)
    authenticators: Any = request.authenticators
    user = Request(called, authenticators=authenticators).user
    if not isinstance(user, User):
        raise NotAuthenticated
    return user
