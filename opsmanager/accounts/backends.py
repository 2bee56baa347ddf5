"""Checks a user name and password, wherever they come from: page, API or Django admin."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from opsmanager.accounts import attempts, permission_names
from opsmanager.accounts.models import User


class PasswordBackend(ModelBackend):
    """Django's own check, slowed down for whoever guesses."""

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        """Return the user, or ``None`` for a wrong name or password, after the same work.

        Raises :class:`~opsmanager.common.problems.TooManyTries` instead of looking at the password.
        """
        if username is None or password is None:
            return None
        attempt = attempts.begin(request, username)
        user = super().authenticate(request, username=username, password=password)
        # Said like a wrong password: whoever guesses must not learn that it was right.
        if not isinstance(user, User) or not _may_use_a_password(user):
            attempt.was_wrong()
            return None
        attempt.was_right()
        return user

    def get_user(self, user_id: UUID) -> User | None:
        """Return the user of a session, with the rights that the session is tied to."""
        user = User.with_rights().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions that the user has without a role."""
        known = _read_with(user_obj, obj, "permission_ids")
        return known if known is not None else super().get_user_permissions(user_obj, obj)

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions that the user has by roles."""
        known = _read_with(user_obj, obj, "role_permission_ids")
        return known if known is not None else super().get_group_permissions(user_obj, obj)


def _may_use_a_password(user: User) -> bool:
    """Return whether single sign-on leaves it to them. It shuts no SUPER_ADMIN out."""
    is_for_all = settings.OIDC_PASSWORD_LOGIN or not settings.OIDC_ISSUER
    return is_for_all or user.is_super_admin


def _read_with(user: Any, obj: Any, name: str) -> set[str] | None:
    """Return permissions whose ids were read with the user; ``None`` where they were not."""
    known = user.__dict__.get(name)
    if known is None or obj is not None or not user.is_active or user.is_superuser:
        return None
    return permission_names.names(known)
