"""Django's entry for automation."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AutomationConfig(AppConfig):
    """Runbooks and their executions."""

    name = "automation"

    def ready(self) -> None:
        """Keep the catalog's rows in step with the runbooks of the code that is deployed."""
        from automation.receivers import sync_catalog  # the models are ready only now

        post_migrate.connect(sync_catalog, sender=self, dispatch_uid="automation.sync_catalog")
