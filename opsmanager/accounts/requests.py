"""What a request says: whose it is, and where it wants to go."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from opsmanager.accounts.models import User
from opsmanager.common.problems import NotPermitted

if TYPE_CHECKING:
    from rest_framework.request import Request


def user_of(request: "HttpRequest | Request") -> User:
    """Return the user of a request. Raises :class:`NotPermitted` for an anonymous one."""
    if not isinstance(request.user, User):
        raise NotPermitted("Sign in first.")
    return request.user


def is_own_path(request: HttpRequest, place: str) -> bool:
    """Return whether a place that a link names is a path of ours, and no other site's address."""
    return place.startswith("/") and url_has_allowed_host_and_scheme(
        place, {request.get_host()}, request.is_secure()
    )
