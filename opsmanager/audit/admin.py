"""The trail in the Django admin, to be read."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from opsmanager.audit import selectors
from opsmanager.audit.models import AuditEvent
from opsmanager.common.admin_parts import FACTS, LongList, ReadOnly, badge, called


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, LongList, admin.ModelAdmin[AuditEvent]):
    """Events, to look at: the database refuses whatever else."""

    section, rank = FACTS, 30
    about = "Who did what, on what, from where, and with what result. Nobody can change it."
    list_display = ("at", "verb", "result", "actor_name", "target_name", "address")
    list_filter = (
        ("outcome", called("result")),
        ("actor_type", called("kind of actor")),
        ("target_type", called("kind of thing")),
        ("at", called("when")),
    )
    search_fields = ("verb",)
    search = staticmethod(selectors.search)
    search_help_text = "An event, a user, a server, or words of a message"
    ordering = ("-seq",)
    actions = None

    def view_on_site(self, event: AuditEvent) -> str:
        """Return its page."""
        return reverse("audit:event_detail", args=[event.seq])

    @admin.display(description="Result", ordering="outcome")
    def result(self, event: AuditEvent) -> SafeString | str:
        """How it ended, by colour and word."""
        return badge(event.outcome)
