"""The trail in the Django admin, to be read."""

from django.contrib import admin

from opsmanager.audit.models import AuditEvent
from opsmanager.common.admin import ReadOnly


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin[AuditEvent]):
    """Events, to look at: the database refuses whatever else."""

    list_display = ("at", "verb", "outcome", "actor_name", "target_name", "address")
    list_filter = ("outcome", "actor_type")
    search_fields = ("verb", "actor_name", "target_name", "message")
    ordering = ("-seq",)
    show_full_result_count = False
    actions = None
