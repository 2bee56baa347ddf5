"""Incidents in the Django admin."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from incidents.models import Incident
from incidents.selectors import incidents
from opsmanager.common.admin_parts import FACTS, LongList, ReadOnly, badge


@admin.register(Incident)
class IncidentAdmin(ReadOnly, LongList, admin.ModelAdmin[Incident]):
    """Incidents, to look at: their own pages change them, and write it into the timeline."""

    section, rank = FACTS, 20
    about = "What was broken, as alerts or people told it. Their own pages acknowledge and resolve."
    list_display = ("opened_at", "title", "how_bad", "state", "server", "source")
    list_filter = ("status", "severity", "source", "opened_at")
    search_fields = ("title",)
    search = staticmethod(incidents.search)
    search_help_text = "Words of a title or description, a server, a label"
    list_select_related = ("server",)
    ordering = ("-opened_at", "-id")

    def view_on_site(self, incident: Incident) -> str:
        """Return its page."""
        return reverse("incidents:incident_detail", args=[incident.pk])

    @admin.display(description="Severity", ordering="severity")
    def how_bad(self, incident: Incident) -> SafeString | str:
        """Its severity, by colour and word."""
        return badge(incident.severity)

    @admin.display(description="Status", ordering="status")
    def state(self, incident: Incident) -> SafeString | str:
        """Where it stands, by colour and word."""
        return badge(incident.status)
