"""Django's entry for servers."""

from django.apps import AppConfig


class ServersConfig(AppConfig):
    """Servers, groups, credentials, host keys."""

    name = "servers"
