"""Incidents in the Django admin."""

from django.contrib import admin

from incidents.models import Incident
from opsmanager.common.admin import ReadOnly


@admin.register(Incident)
class IncidentAdmin(ReadOnly, admin.ModelAdmin[Incident]):
    """Incidents, to look at: their own pages change them, and write it into the timeline."""

    list_display = ("opened_at", "title", "severity", "status", "server", "source")
    list_filter = ("status", "severity", "source")
    search_fields = ("title", "fingerprint", "server__name")
    ordering = ("-opened_at",)
