"""Make the first administrator, so that a fresh installation lets somebody in."""

import secrets
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand

from opsmanager.accounts.models import User
from opsmanager.settings import env


class Command(BaseCommand):
    """Make the user `admin` unless it exists; a generated password is printed this once."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Make the user, and print its password when it was generated."""
        if User.objects.filter(username="admin").exists():
            self.stdout.write("The user admin exists.")
            return
        given = env.text("OPSMANAGER_ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        user = User.objects.create_superuser("admin", password=password)
        user.groups.add(Group.objects.get(name="SUPER_ADMIN"))
        shown = "from OPSMANAGER_ADMIN_PASSWORD" if given else password
        self.stdout.write(f"Login: admin, password: {shown}")
