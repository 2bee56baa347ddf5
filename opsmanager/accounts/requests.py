"""The user behind a request that has passed the login."""

from django.http import HttpRequest

from opsmanager.accounts.models import User
from opsmanager.common.problems import NotPermitted


def user_of(request: HttpRequest) -> User:
    """Return the user of a request. Raises :class:`NotPermitted` for an anonymous one."""
    if not isinstance(request.user, User):
        raise NotPermitted("Sign in first.")
    return request.user
