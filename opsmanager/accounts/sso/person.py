"""A person as the provider describes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from opsmanager.accounts.sso.errors import Refused


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who somebody is at the provider; only ``issuer`` and ``subject`` say so for sure."""

    issuer: str
    subject: str
    username: str
    """What a new user is called here; nobody is found by it."""
    first_name: str
    last_name: str
    email: str
    groups: frozenset[str]

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> "Person":
        """Read checked claims. Raises :class:`Refused` where they don't tell the groups."""
        text = {name: value for name, value in claims.items() if isinstance(value, str)}
        return cls(
            issuer=settings.OIDC_ISSUER,
            subject=text["sub"],
            username=text.get("preferred_username") or text.get("email") or text["sub"],
            first_name=text.get("given_name", "")[:150],
            last_name=text.get("family_name", "")[:150],
            email=text.get("email", "")[:254],
            groups=_groups(claims),
        )

    @property
    def roles(self) -> frozenset[str]:
        """The roles that the person's groups give."""
        given = settings.OIDC_ROLES.items()
        return frozenset(role for group, roles in given if group in self.groups for role in roles)


def _groups(claims: Mapping[str, Any]) -> frozenset[str]:
    name = settings.OIDC_GROUPS_CLAIM
    elsewhere = claims.get("_claim_names")
    if name not in claims and isinstance(elsewhere, dict) and name in elsewhere:
        # Entra ID does so beyond some 200 groups; to take it for none would take the roles away.
        raise Refused(
            "The token leaves the groups out, because they are too many.",
            "You are in more groups than your provider's token holds, so your role is not known. "
            "Ask whoever runs the provider to send only the groups that OpsManager was given.",
        )
    value = claims.get(name)
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(group for group in found if isinstance(group, str))
