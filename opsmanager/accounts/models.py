"""The user."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models

from opsmanager.accounts.roles import ROLES, Role


class User(AbstractUser):
    """A person or a program that logs in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    @property
    def role(self) -> Role | None:
        """The highest of the user's roles; ``None`` for a user without any."""
        if self.is_superuser:
            return ROLES[0]
        names = {group.name for group in self.groups.all()}
        return next((role for role in ROLES if role.name in names), None)
