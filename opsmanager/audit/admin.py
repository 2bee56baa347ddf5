"""The trail in the Django admin, to be read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from opsmanager.audit.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin[AuditEvent]):
    """Events, to look at: the database refuses whatever else."""

    list_display = ("at", "verb", "outcome", "actor_name", "target_name", "address")
    list_filter = ("outcome", "actor_type")
    search_fields = ("verb", "actor_name", "target_name", "message")
    ordering = ("-seq",)
    show_full_result_count = False
    actions = None

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Events are recorded beside what they tell of."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """What was written stays."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Old months leave as a whole, and nothing else does."""
        return False
