"""The user."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.models import AbstractUser, Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, QuerySet
from django.utils.crypto import salted_hmac

from opsmanager.accounts.roles import ROLES, Role

if TYPE_CHECKING:
    from opsmanager.accounts.models.api_token import ApiToken

ADMINISTRATORS = ("SUPER_ADMIN", "ADMIN")
"""The roles that configure OpsManager, and so may open the Django admin."""

RIGHTS: Final = ("group_names", "permission_ids", "role_permission_ids")
"""What :meth:`User.rights_of` adds to rows, and a user of whom all was read at once has."""


class User(AbstractUser):
    """A person or a program that logs in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    token: "ApiToken | None" = None
    """The API token by which a program acts as this user just now; it limits what the user may."""
    found_along: Any = None
    """What was asked along with a token (:mod:`opsmanager.accounts.along`)."""

    @classmethod
    def with_rights(cls) -> QuerySet["User"]:
        """Return the users, each with all rights, in one query."""
        return cls._default_manager.annotate(**cls.rights_of("pk"))

    @classmethod
    def rights_of(cls, key: str) -> dict[str, ArraySubquery]:
        """Return what to annotate rows with, ``key`` being their user's id.

        What the user's fingerprint is made of, and the ids of all permissions, own and by roles.
        """
        # What an id is called is known (:mod:`opsmanager.accounts.permission_names`).
        groups = cls.groups.through._default_manager.filter(user_id=OuterRef(key))  # noqa: SLF001 - Django's public API
        permissions = cls.user_permissions.through._default_manager.filter(user_id=OuterRef(key))  # noqa: SLF001
        return {
            "group_names": ArraySubquery(groups.values("group__name")),
            "permission_ids": ArraySubquery(permissions.values("permission_id")),
            "role_permission_ids": ArraySubquery(
                Group.permissions.through._default_manager.filter(  # noqa: SLF001
                    group__user=OuterRef(key)
                ).values("permission_id")
            ),
        }

    @property
    def role(self) -> Role | None:
        """The highest of the user's roles; ``None`` for a user without any."""
        if self.is_superuser:
            return ROLES[0]
        names = set(self._group_names())
        return next((role for role in ROLES if role.name in names), None)

    @property
    def may_administer(self) -> bool:
        """Whether the user may open the Django admin, where permissions say what is to be seen."""
        if not self.is_active or self.token is not None:
            return False
        role = self.role
        return self.is_staff or (role is not None and role.name in ADMINISTRATORS)

    @property
    def is_super_admin(self) -> bool:
        """Whether the user may change users and roles; no program may."""
        role = self.role
        return (
            self.is_active
            and self.token is None
            and role is not None
            and role.name == "SUPER_ADMIN"
        )

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Return whether the user has the permission, and the token covers it."""
        is_covered = self.token is None or self.token.covers(perm)
        return is_covered and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Return whether the user has any permission of the app, which the token covers."""
        if self.token is None:
            return super().has_module_perms(app_label)
        return any(name.startswith(f"{app_label}.") for name in self.get_all_permissions())

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return the user's permissions, as far as the token covers them."""
        return self._covered(super().get_all_permissions(obj))

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        """Return those that the user has without a role."""
        return self._covered(super().get_user_permissions(obj))

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        """Return those that the user has by roles."""
        return self._covered(super().get_group_permissions(obj))

    def _covered(self, permissions: set[str]) -> set[str]:
        token = self.token
        return (
            permissions if token is None else {each for each in permissions if token.covers(each)}
        )

    def _group_names(self) -> Iterable[str]:
        found = self.__dict__.get("group_names")
        return found if found is not None else [group.name for group in self.groups.all()]

    def _permission_ids(self) -> Iterable[int]:
        found = self.__dict__.get("permission_ids")
        if found is not None:
            return found  # type: ignore[no-any-return]
        return self.user_permissions.values_list("pk", flat=True)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a login is tied to: with another password, role or permission it ends.

        Django keeps this in the session and compares it at each request; tokens do alike.
        """
        rights = (
            self.password,
            self.is_superuser,
            self.is_staff,
            sorted(self._group_names()),
            sorted(self._permission_ids()),
        )
        return salted_hmac(
            "opsmanager.accounts.User.fingerprint", repr(rights), secret=secret, algorithm="sha256"
        ).hexdigest()
