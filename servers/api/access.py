"""Who may list and change what of servers, in the API."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from opsmanager.accounts import permissions

_M = TypeVar("_M", bound=Model)


def require(request: Request, permission: str) -> None:
    """Raise :class:`NotPermitted` unless the caller has the permission everywhere."""
    sentence = "Only administrators may change servers, groups and credentials."
    permissions.require(request.user, permission, sentence)


def listed_for(request: Request, permission: str, rows: QuerySet[_M]) -> QuerySet[_M]:
    """Return the rows to those who may see them, and none to others."""
    return rows if permissions.may(request.user, permission) else rows.none()
