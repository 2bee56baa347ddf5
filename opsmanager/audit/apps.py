"""Django's entry for the audit trail."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """The audit trail."""

    name = "opsmanager.audit"
    label = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        """Listen for logins and changes of users; give the application's role its rights."""
        from opsmanager.audit import checks  # noqa: F401 - importing it registers
        from opsmanager.audit.grants import after_migration
        from opsmanager.audit.receivers import (  # noqa: F401
            admin_log,
            api_tokens,
            grants,
            identities,
            logins,
            users,
        )

        grants.listen()
        post_migrate.connect(after_migration, sender=self, dispatch_uid="audit.grants")
