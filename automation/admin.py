"""Runbooks and executions in the Django admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from automation.models import CatalogEntry, Execution
from opsmanager.accounts.requests import user_of
from opsmanager.audit import trail
from opsmanager.common.admin import ReadOnly


@admin.register(CatalogEntry)
class CatalogEntryAdmin(admin.ModelAdmin[CatalogEntry]):
    """What operators configure of a runbook; what it does is in its class."""

    list_display = ("runbook_id", "title", "category", "is_active", "dangerous", "cooldown_minutes")
    list_filter = ("category", "is_active", "dangerous", "is_deployed")
    search_fields = ("runbook_id", "title")
    readonly_fields = ("runbook_id", "title", "summary", "category", "platforms", "is_deployed")
    actions = ("switch_on", "switch_off")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Runbooks come with the code."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Switch one off instead; its executions are kept."""
        return False

    def save_model(self, request: HttpRequest, obj: CatalogEntry, form: Any, change: bool) -> None:
        """Save, and audit what was changed."""
        super().save_model(request, obj, form, change)
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        trail.record(
            "AUTOMATION_RUNBOOK_CONFIGURED", actor=user_of(request), target=obj, changed=values
        )

    @admin.action(description="Switch the runbooks on")
    def switch_on(self, request: HttpRequest, rows: QuerySet[CatalogEntry]) -> None:
        """Switch the chosen runbooks on."""
        self._switch(request, rows, is_active=True)

    @admin.action(description="Switch the runbooks off")
    def switch_off(self, request: HttpRequest, rows: QuerySet[CatalogEntry]) -> None:
        """Switch the chosen runbooks off."""
        self._switch(request, rows, is_active=False)

    @staticmethod
    def _switch(request: HttpRequest, rows: QuerySet[CatalogEntry], *, is_active: bool) -> None:
        for entry in rows:
            entry.is_active = is_active
            entry.save()
            trail.record(
                "AUTOMATION_RUNBOOK_CONFIGURED",
                actor=user_of(request),
                target=entry,
                changed={"is_active": is_active},
            )


@admin.register(Execution)
class ExecutionAdmin(ReadOnly, admin.ModelAdmin[Execution]):
    """Executions, to look at: they are facts."""

    list_display = ("queued_at", "runbook", "server", "status", "verdict", "triggered_by_user")
    list_filter = ("status", "verdict", "triggered_by", "is_dry_run")
    search_fields = ("runbook__runbook_id", "server__name", "id")
    list_select_related = ("runbook", "server", "triggered_by_user")
    ordering = ("-queued_at",)
    show_full_result_count = False
