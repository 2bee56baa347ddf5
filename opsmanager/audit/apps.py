"""Django's entry for the audit trail."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit trail."""

    name = "opsmanager.audit"
    label = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        """Listen for logins."""
        from opsmanager.audit import receivers  # noqa: F401 - importing it is listening
