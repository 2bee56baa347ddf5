"""Runbooks and executions in the Django admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from automation.models import CatalogEntry, Execution
from automation.selectors import executions
from opsmanager.accounts.requests import user_of
from opsmanager.audit import trail
from opsmanager.common.admin_parts import (
    FACTS,
    RUNS,
    LongList,
    ReadOnly,
    asked,
    badge,
    called,
    mark,
)
from opsmanager.common.templatetags.values import words


@admin.register(CatalogEntry)
class CatalogEntryAdmin(admin.ModelAdmin[CatalogEntry]):
    """What operators configure of a runbook; what it does is in its class."""

    section, rank = RUNS, 10
    about = (
        "Switch runbooks on and off, have them confirmed, and set how long and how often they run."
    )
    list_display = ("title", "runbook_id", "kind", "state", "risk", "cooldown", "timeout")
    list_filter = (
        "category",
        ("is_active", called("whether it is switched on")),
        ("dangerous", called("whether it is dangerous")),
        ("is_deployed", called("whether its code is here")),
    )
    search_fields = ("runbook_id", "title", "summary")
    search_help_text = "A name, or words of what it does"
    readonly_fields = ("runbook_id", "title", "summary", "kind", "platforms", "risk", "is_deployed")
    fieldsets = (
        (None, {"fields": ("title", "runbook_id", "summary", "kind", "platforms", "is_deployed")}),
        ("Whether it may run", {"fields": ("is_active", "dangerous", "cooldown_minutes")}),
        ("How it runs", {"fields": ("timeout_seconds", "max_retries")}),
    )
    actions = ("switch_on", "switch_off")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the form, with words for somebody who configures a runbook once a year."""
        kwargs["labels"] = {
            "is_active": "Switched on",
            "timeout_seconds": "Time limit, seconds",
            "max_retries": "Further attempts at most",
            "cooldown_minutes": "Cooldown, minutes",
        }
        kwargs["help_texts"] = {
            "is_active": "Off, nobody can run it. What it did stays in the history.",
            "timeout_seconds": "For each attempt; what takes longer is ended.",
            "max_retries": "After failures that may pass, such as a server that was not reached",
        }
        return super().get_form(request, *args, **kwargs)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Runbooks come with the code."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Switch one off instead; its executions are kept."""
        return False

    def view_on_site(self, entry: CatalogEntry) -> str:
        """Return the runbook's page."""
        return reverse("automation:runbook_detail", args=[entry.runbook_id])

    @admin.display(description="Category", ordering="category")
    def kind(self, entry: CatalogEntry) -> str:
        """Its category, in words."""
        return words(entry.category)

    @admin.display(description="State", ordering="is_active")
    def state(self, entry: CatalogEntry) -> SafeString:
        """Whether it can be run."""
        if not entry.is_deployed:
            return mark("warn", "question", "Its code is gone")
        if not entry.is_active:
            return mark("idle", "ban", "Switched off")
        return mark("good", "circle-check", "On")

    @admin.display(description="What it does", ordering="dangerous")
    def risk(self, entry: CatalogEntry) -> SafeString:
        """Whether it changes anything, and wants a confirmation."""
        if entry.dangerous:
            return mark("bad", "alert", "Dangerous")
        if entry.changes:
            return mark("run", "change", "Changes servers")
        return mark("good", "read", "Only looks")

    @admin.display(description="Cooldown", ordering="cooldown_minutes")
    def cooldown(self, entry: CatalogEntry) -> str:
        """How long it may not run again."""
        return f"{entry.cooldown_minutes} min" if entry.cooldown_minutes else "none"

    @admin.display(description="Time limit", ordering="timeout_seconds")
    def timeout(self, entry: CatalogEntry) -> str:
        """How long an attempt may take."""
        return f"{entry.timeout_seconds} s"

    def save_model(self, request: HttpRequest, obj: CatalogEntry, form: Any, change: bool) -> None:
        """Save, and audit what was changed."""
        super().save_model(request, obj, form, change)
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        trail.record(
            "AUTOMATION_RUNBOOK_CONFIGURED", actor=user_of(request), target=obj, changed=values
        )

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[CatalogEntry]) -> None:
        """Switch the chosen runbooks on."""
        self._switch(request, rows, is_active=True)

    @admin.action(description="Switch off…", permissions=["change"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[CatalogEntry]) -> HttpResponse | None:
        """Ask, then switch the chosen runbooks off."""
        page = asked(
            self,
            request,
            rows,
            question="Switch these runbooks off?",
            consequence="Nobody can run them any more, by hand, by an incident or by the API. What "
            "runs now goes on, and the history stays.",
            word="Switch them off",
        )
        if page is None:
            self._switch(request, rows, is_active=False)
        return page

    def _switch(
        self, request: HttpRequest, rows: QuerySet[CatalogEntry], *, is_active: bool
    ) -> None:
        changed = [entry for entry in rows if entry.is_active is not is_active]
        for entry in changed:
            entry.is_active = is_active
            entry.save()
            trail.record(
                "AUTOMATION_RUNBOOK_CONFIGURED",
                actor=user_of(request),
                target=entry,
                changed={"is_active": is_active},
            )
        self.message_user(request, f"Switched {'on' if is_active else 'off'}: {len(changed)}.")


@admin.register(Execution)
class ExecutionAdmin(ReadOnly, LongList, admin.ModelAdmin[Execution]):
    """Executions, to look at: they are facts."""

    section, rank = FACTS, 10
    about = "Every run of a runbook. Rows are facts: their own pages cancel, retry and roll back."
    list_display = ("queued_at", "runbook", "server", "state", "outcome", "triggered_by_user")
    list_filter = (
        "status",
        "verdict",
        ("triggered_by", called("what started it")),
        ("is_dry_run", called("whether it was a dry run")),
        ("queued_at", called("when it was asked for")),
        ("runbook", called("runbook")),
    )
    search = staticmethod(executions.search)
    search_fields = ("runbook__runbook_id",)
    search_help_text = "A runbook, a server, a user, or words of a result"
    list_select_related = ("runbook", "server", "triggered_by_user")
    ordering = ("-queued_at", "-id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "runbook",
                    "server",
                    ("state", "outcome"),
                    "result_summary",
                    ("error_code", "error_message"),
                    ("triggered_by", "triggered_by_user"),
                    "reason",
                    ("queued_at", "started_at", "finished_at"),
                )
            },
        ),
        (
            "How it ran",
            {
                "fields": (
                    ("is_dry_run", "changes", "priority"),
                    "parameters",
                    ("attempt", "max_retries", "timeout_seconds"),
                    ("rollback_status", "rollback_by", "rollback_at", "rollback_message"),
                    ("cancel_requested_at", "cancel_requested_by", "cancel_outcome"),
                    ("decision", "decided_by", "decided_at", "decision_reason"),
                    ("batch", "retry_of", "dry_run", "incident_id"),
                    ("api_token_name", "worker"),
                )
            },
        ),
    )
    readonly_fields = ("state", "outcome")

    def view_on_site(self, execution: Execution) -> str:
        """Return its monitor."""
        return reverse("automation:execution_detail", args=[execution.pk])

    @admin.display(description="Status", ordering="status")
    def state(self, execution: Execution) -> SafeString | str:
        """How it stands."""
        return badge(execution.status)

    @admin.display(description="Verdict", ordering="verdict")
    def outcome(self, execution: Execution) -> SafeString | str:
        """Whether it fixed anything."""
        return badge(execution.verdict)
