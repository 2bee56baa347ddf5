"""Django's entry for what every app shares."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """The shared pieces; brings template tags and commands, no models."""

    name = "opsmanager.common"
    label = "common"
