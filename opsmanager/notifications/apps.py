"""Django's entry for notifications."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Channels, and what was sent through them."""

    name = "opsmanager.notifications"
