"""Django's entry for servers."""

from django.apps import AppConfig


class ServersConfig(AppConfig):
    """Servers, groups, credentials, host keys."""

    name = "servers"

    def ready(self) -> None:
        """Offer servers and groups to whom API tokens are limited to them."""
        from opsmanager.accounts import places
        from servers.selectors.places import offered  # the models are ready only now

        places.offered_by(offered)
