"""Who may come to a route: nobody, each role, and each role with the server granted."""

from typing import Final

from django.contrib.auth.models import Group

from opsmanager.accounts.models import User
from servers.models import Server
from tests.support import servers

ANONYMOUS: Final = "anonymous"
STRANGER: Final = "stranger"
"""Logs in and has no role."""
ROLES: Final = ("SUPER_ADMIN", "ADMIN", "MANAGER", "NOC", "HELPDESK", "HR", "FINANCE")
PERSONAS: Final = (ANONYMOUS, STRANGER, *ROLES, *(f"{role}+" for role in ROLES))
"""With a ``+`` the server is granted to the user."""


def make(persona: str, server: Server) -> User | None:
    """Make the user. All have staff status: the admin must not lean on that alone."""
    if persona == ANONYMOUS:
        return None
    user = User.objects.create(username=f"is-{persona.lower()}", is_staff=True)
    if persona != STRANGER:
        user.groups.add(Group.objects.get(name=persona.rstrip("+")))
    if persona.endswith("+"):
        servers.grant(user, server)
    return User.objects.get(pk=user.pk)
