"""The user behind a request that has passed the login."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

from opsmanager.accounts.models import User
from opsmanager.common.problems import NotPermitted

if TYPE_CHECKING:
    from rest_framework.request import Request


def user_of(request: "HttpRequest | Request") -> User:
    """Return the user of a request. Raises :class:`NotPermitted` for an anonymous one."""
    if not isinstance(request.user, User):
        raise NotPermitted("Sign in first.")
    return request.user
