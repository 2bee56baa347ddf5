"""Django's entry for automation."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AutomationConfig(AppConfig):
    """Runbooks and their executions."""

    name = "automation"

    def ready(self) -> None:
        """Keep the catalog's rows in step with the code, and tell channels how executions end."""
        from automation import catalog, receivers  # the models are ready only now
        from automation.signals import approval_decided, execution_finished
        from opsmanager.notifications import runbooks

        runbooks.offered_by(lambda: [(each.id, each.title) for each in catalog.runbooks()])
        for signal, receiver in (
            (execution_finished, receivers.tell_channels),
            (execution_finished, receivers.go_on_with_workflow),
            (approval_decided, receivers.go_on_after_approval),
        ):
            signal.connect(receiver, dispatch_uid=f"automation.{receiver.__name__}")
        post_migrate.connect(
            receivers.sync_catalog, sender=self, dispatch_uid="automation.sync_catalog"
        )
