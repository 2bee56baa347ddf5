"""Incidents in the Django admin."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from incidents.models import Incident, RemediationRule, Source
from incidents.selectors import incidents
from opsmanager.common.admin_parts import FACTS, RUNS, LongList, ReadOnly, badge, called, mark


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


@admin.register(Source)
class SourceAdmin(ReadOnly, admin.ModelAdmin[Source]):
    """Sources of alerts, to look at: their own pages make them, and show a new token once."""

    section, rank = FACTS, 25
    about = "Where alerts come from. Their own pages connect them, try mappings and renew tokens."
    rows_called = "Sources of alerts"
    list_display = ("name", "kind", "slug", "state", "last_seen_at", "last_error")
    list_filter = ("kind", ("is_active", called("whether it is switched on")))
    search_fields = ("name", "slug")
    ordering = ("name",)
    fields = (
        "name",
        "slug",
        "kind",
        "is_active",
        "token_start",
        "mapping",
        "grace_minutes",
        "last_seen_at",
        "last_error",
        "last_error_at",
        "created_by",
        "created_at",
    )

    @admin.display(description="State", ordering="is_active")
    def state(self, source: Source) -> SafeString:
        """Whether it is switched on, by colour and word."""
        if source.is_active:
            return mark("good", "circle-check", "On")
        return mark("idle", "ban", "Off")

    def view_on_site(self, source: Source) -> str:
        """Return its page."""
        return reverse("incidents:source_detail", args=[source.pk])


@admin.register(RemediationRule)
class RemediationRuleAdmin(ReadOnly, admin.ModelAdmin[RemediationRule]):
    """Rules, to look at: their own pages change them, with what has to be confirmed."""

    section, rank = RUNS, 40
    about = "Which incidents start which runbook. Their own pages try, change and switch them."
    list_display = ("rank", "name", "state", "runbook", "template", "owner")
    list_display_links = ("name",)
    list_filter = ("mode",)
    search_fields = ("name", "description")
    search_help_text = "Words of a name or description"
    list_select_related = ("runbook", "template", "owner")
    ordering = ("rank", "name")

    def view_on_site(self, rule: RemediationRule) -> str:
        """Return its page."""
        return reverse("incidents:rule_detail", args=[rule.pk])

    @admin.display(description="Mode", ordering="mode")
    def state(self, rule: RemediationRule) -> SafeString | str:
        """What it does, by colour and word."""
        return badge(rule.mode)
