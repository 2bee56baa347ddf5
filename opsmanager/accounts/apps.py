"""Django's entry for accounts."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Users and roles."""

    name = "opsmanager.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen for logins, and give the roles their permissions whenever an app's were made."""
        from opsmanager.accounts import receivers  # noqa: F401 - importing it is listening
        from opsmanager.accounts.roles import grant_to_roles  # the models are ready only now

        post_migrate.connect(grant_to_roles, dispatch_uid="accounts.grant_to_roles")
