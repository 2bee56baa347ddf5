"""The processes behind the pages, in the Django admin: which live, and since when one is silent."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from opsmanager.common import pulse
from opsmanager.common.admin_parts import HOUSE, ReadOnly, called, mark
from opsmanager.common.models import Pulse


@admin.register(Pulse)
class PulseAdmin(ReadOnly, admin.ModelAdmin[Pulse]):
    """Each worker and beat, by its heartbeat."""

    section, rank = HOUSE, 5
    rows_called = "Processes"
    about = "Each worker and beat, and how long ago it last showed that it lives."
    list_display = ("name", "kind", "state", "serves", "silent_for", "seen_at")
    list_filter = (("kind", called("what it is")),)
    search_fields = ("name",)
    search_help_text = "A name: the machine's, and the number of the process there"
    ordering = ("kind", "name")
    fields = ("name", "kind", "state", "serves", "silent_for", "seen_at")
    readonly_fields = ("state", "serves", "silent_for")

    def get_queryset(self, _request: HttpRequest) -> QuerySet[Pulse]:
        """Return the processes with the ages of their heartbeats."""
        return pulse.processes()

    @admin.display(description="State")
    def state(self, beat: Pulse) -> SafeString:
        """Whether it lives."""
        if pulse.is_alive(beat):
            return mark("good", "circle-check", "Lives")
        return mark("bad", "alert-triangle", "Silent")

    @admin.display(description="Zones")
    def serves(self, beat: Pulse) -> str:
        """Say which network zones a worker serves; empty for the servers without one."""
        return ", ".join(filter(None, beat.details.get("zones", [])))

    @admin.display(description="Seen", ordering="-seen_at")
    def silent_for(self, beat: Pulse) -> str:
        """Say how long ago it showed that it lives."""
        return f"{int(beat.age.total_seconds())} s ago"  # type: ignore[attr-defined]
