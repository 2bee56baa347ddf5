"""Runbooks, schedules, templates and executions in the Django admin."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from automation import (  # noqa: F401 - they register
    admin_approvals,
    admin_executions,
    admin_workflows,
)
from automation.due_fields import DueFields
from automation.models import CatalogEntry, Schedule, Template
from automation.services import schedules, templates
from opsmanager.accounts.requests import user_of
from opsmanager.audit import trail
from opsmanager.common.admin_parts import (
    RUNS,
    asked,
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
        ("May it run", {"fields": ("is_active", "dangerous", "approvals", "cooldown_minutes")}),
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
            "approvals": "Approvals by others",
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


class ScheduleForm(DueFields, forms.ModelForm[Schedule]):
    """When a schedule is due; what it runs and where is changed on its own page."""


class Kept(admin.ModelAdmin[Any]):
    """What people make on pages of its own, and may change and delete here."""

    search_fields: ClassVar[tuple[str, ...]] = (
        "name",
        "description",
        "runbook__title",
        "server__name",
    )

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Its own page knows the parameters of each runbook."""
        return False

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Schedule)
class ScheduleAdmin(Kept):
    """Schedules: when they are due, and whether they are on."""

    section, rank = RUNS, 20
    about = "What runs by itself, and when. New ones are made on the page of schedules."
    form = ScheduleForm
    list_display = ("name", "what", "place", "cron_expression", "timezone", "state", "owner")
    list_filter = (("is_active", called("whether it is on")), ("missed", called("what was missed")))
    search_fields = (*Kept.search_fields, "template__name", "workflow__name")
    search_help_text = "A schedule, a runbook, a template, a workflow or a server"
    list_select_related = ("runbook", "template", "workflow", "server", "server_group", "owner")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "description", "what", "place", "owner")}),
        ("When", {"fields": ("cron_expression", "timezone", "is_active")}),
        ("How", {"fields": ("missed", "overlap", "priority", "max_parallel", "is_dry_run")}),
    )
    readonly_fields = ("what", "place", "owner", "is_dry_run")

    def view_on_site(self, schedule: Schedule) -> str:
        """Return its page."""
        return reverse("automation:schedule_detail", args=[schedule.pk])

    @admin.display(description="Runs")
    def what(self, schedule: Schedule) -> str:
        """What it runs."""
        named = schedule.template or schedule.workflow
        return str(named or (schedule.runbook and schedule.runbook.title))

    @admin.display(description="On")
    def place(self, schedule: Schedule) -> str:
        """Where it runs."""
        return str(schedule.server or schedule.server_group or "where that says")

    @admin.display(description="State", ordering="is_active")
    def state(self, schedule: Schedule) -> SafeString:
        """Whether it is on."""
        if schedule.is_active:
            return mark("good", "circle-check", "On")
        return mark("idle", "pause", "Paused")

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """Save through the service, which audits; from then on it runs for who saved it."""
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        row, actor = Schedule.objects.get(pk=obj.pk), user_of(request)
        on = values.pop("is_active", row.is_active)
        if values:
            # What and where are the same, so what was meant is meant still.
            row = schedules.save(actor=actor, schedule=row, is_confirmed=row.is_confirmed, **values)
        if on is not row.is_active:
            schedules.set_active(actor=actor, schedule=row, on=on)

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        """Delete through the service, which audits."""
        schedules.delete(actor=user_of(request), schedule=obj)


@admin.register(Template)
class TemplateAdmin(Kept):
    """Templates: what they are called, and what they keep."""

    section, rank = RUNS, 30
    about = "Runbooks with parameters that are kept. New ones are made on the page of templates."
    list_display = ("name", "runbook", "server", "server_group", "created_by", "updated_at")
    list_filter = (("runbook", called("runbook")),)
    search_help_text = "A template, a runbook or a server"
    list_select_related = ("runbook", "server", "server_group", "created_by")
    ordering = ("name",)
    fields = ("name", "description", "runbook", "parameters", "server", "server_group")
    readonly_fields = ("runbook", "parameters")

    def view_on_site(self, template: Template) -> str:
        """Return its page."""
        return reverse("automation:template_detail", args=[template.pk])

    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:
        """Save through the service, which audits."""
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        row = Template.objects.get(pk=obj.pk)
        templates.save(actor=user_of(request), template=row, **values)

    def delete_model(self, request: HttpRequest, obj: Template) -> None:
        """Delete through the service, which audits."""
        templates.delete(actor=user_of(request), template=obj)
