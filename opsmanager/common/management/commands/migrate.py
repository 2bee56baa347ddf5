"""`migrate`, as the role that owns the tables."""

from typing import Any

from django.core.management.commands import migrate

from opsmanager.common.database_owner import as_owner


class Command(migrate.Command):
    """Django's own command; it alone is given DATABASE_OWNER_URL."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Check and migrate as the owner, where one is set."""
        with as_owner():
            return super().execute(*args, **options)
