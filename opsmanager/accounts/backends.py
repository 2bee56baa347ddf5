"""Checks a user name and password, wherever they come from: page, API or Django admin."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from opsmanager.accounts import attempts
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
        if not isinstance(user, User):
            attempt.was_wrong()
            return None
        attempt.was_right()
        return user

    def get_user(self, user_id: UUID) -> User | None:
        """Return the user of a session, with the rights that the session is tied to."""
        user = User.with_rights().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
