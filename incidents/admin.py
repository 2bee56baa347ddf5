"""Incidents in the Django admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from incidents.models import Incident


@admin.register(Incident)
class IncidentAdmin(admin.ModelAdmin[Incident]):
    """Incidents, to look at: their own pages change them."""

    list_display = ("opened_at", "title", "severity", "status", "server", "source")
    list_filter = ("status", "severity", "source")
    search_fields = ("title", "fingerprint", "server__name")
    ordering = ("-opened_at",)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Incidents are opened by what they tell of."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """They change on their page, where it is written into the timeline."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """They are kept."""
        return False
