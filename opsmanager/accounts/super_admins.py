"""Somebody must be left who can give roles: the last SUPER_ADMIN stays."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Q

from opsmanager.accounts.models import User

LAST = "This is the last SUPER_ADMIN. Make somebody else SUPER_ADMIN first."
_LOCK = 0x0AC0_5ADB
"""A number of our own for PostgreSQL's advisory lock."""


def are_left_without(users: Iterable[UUID]) -> bool:
    """Return whether an active SUPER_ADMIN is left beside these users.

    Call it in the transaction that takes the role away: until its end nobody else can do the same,
    so that two who do it to each other at the same time don't both succeed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    role = Q(is_superuser=True) | Q(groups__name="SUPER_ADMIN")
    return User.objects.filter(role, is_active=True).exclude(pk__in=list(users)).exists()
