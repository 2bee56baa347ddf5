"""The form of a schedule, and what it says of an expression while one types."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from automation import cron
from automation.due_fields import DueFields
from automation.models import MissedPolicy, OverlapPolicy, Priority, Schedule
from automation.selectors import schedules
from automation.web.place_form import PlaceForm
from opsmanager.common.htmx import form_invalid

ZONES = sorted(available_timezones() - {"localtime", "Factory", "posixrules"})


class ScheduleForm(DueFields, PlaceForm):
    """What a schedule is called, when it is due, and where it runs.

    The parameters of its runbook are in a form of their own.
    """

    name = forms.CharField(
        max_length=100, help_text="What people call it, such as “Check the shop every night”"
    )
    description = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea({"rows": 2}), help_text="Why it runs"
    )
    cron_expression = forms.CharField(
        max_length=200,
        label="Cron expression",
        widget=forms.TextInput({"autocapitalize": "off", "spellcheck": "false"}),
        help_text="Minute, hour, day of the month, month, day of the week: 15 3 * * 1-5 is 03:15 "
        "on working days",
    )
    timezone = forms.CharField(
        max_length=64,
        label="Time zone",
        initial="UTC",
        widget=forms.TextInput({"list": "time-zones", "spellcheck": "false"}),
        help_text="Such as Europe/Berlin; over a change of its clocks it stays at its hour",
    )
    missed = forms.ChoiceField(
        choices=MissedPolicy.choices,
        label="What was missed",
        help_text="When OpsManager itself was down at its time: run once as soon as it is back, "
        "however many were missed, or not at all",
    )
    overlap = forms.ChoiceField(
        choices=OverlapPolicy.choices,
        label="While the one before still runs",
        help_text="Leave the new one out, or start it once the one before has ended",
    )
    priority = forms.TypedChoiceField(
        choices=Priority.choices,
        coerce=int,
        initial=Priority.NORMAL,
        help_text="Against others that wait for the same server or worker",
    )
    max_parallel = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=1000,
        label="At once",
        help_text="On a group: how many run at the same time at most; empty for no limit",
    )
    is_dry_run = forms.BooleanField(
        required=False, label="Dry run: show what it would change, and change nothing"
    )

    field_order = ("name", "description", "server", "group", "cron_expression", "timezone")

    @staticmethod
    def of(schedule: Schedule) -> dict[str, Any]:
        """Return what the form shows of a schedule."""
        same = (
            "name",
            "description",
            "cron_expression",
            "timezone",
            "missed",
            "overlap",
            "priority",
            "max_parallel",
            "is_dry_run",
        )
        place = {"server": schedule.server_id, "group": schedule.server_group_id}
        return {name: getattr(schedule, name) for name in same} | place

    def fields_of_schedule(self) -> dict[str, Any]:
        """Return what the service takes."""
        values = dict(self.cleaned_data)
        values["server_group"] = values.pop("group")
        return values


class WorkflowScheduleForm(ScheduleForm):
    """The same for a workflow, which says itself where it runs."""

    server = None  # type: ignore[assignment] # so Django leaves a field out
    group = None  # type: ignore[assignment]
    max_parallel = None  # type: ignore[assignment]

    def fields_of_schedule(self) -> dict[str, Any]:
        """Return what the service takes."""
        return dict(self.cleaned_data)


@dataclass(frozen=True, kw_only=True)
class Due:
    """A moment at which a schedule is due."""

    at: datetime
    local: datetime
    """The same, as the clocks of its zone show it."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an expression in a zone means; ``problem`` where it means nothing."""

    words: str = ""
    zone: str = ""
    runs: tuple[Due, ...] = ()
    problem: str = ""


def preview(expression: str, zone: str) -> Preview:
    """Return what an expression says and when it is due next."""
    if not expression.strip():
        return Preview()
    try:
        normal = cron.normalised(expression)
        cron.zone(zone)
    except (cron.CronInvalid, cron.ZoneInvalid) as problem:
        return Preview(problem=str(problem))
    schedule = Schedule(cron_expression=normal, timezone=zone, is_active=True)
    return Preview(words=schedules.in_words(normal), zone=zone, runs=due(schedule))


def shown(request: HttpRequest, form: ScheduleForm, context: dict[str, Any]) -> HttpResponse:
    """Return the page of the form, or after a refusal the form with what was typed."""
    context = {
        **context,
        "form": form,
        "zones": ZONES,
        "preview": preview(
            str(form["cron_expression"].value() or ""), str(form["timezone"].value() or "")
        ),
    }
    if request.method != "POST":
        return render(request, "automation/schedule_form.html", context)
    return form_invalid(
        request,
        page="automation/schedule_form.html",
        partial="automation/partials/_schedule_form.html",
        context=context,
    )


def due(schedule: Schedule, count: int = 5) -> tuple[Due, ...]:
    """Return the next times of a schedule, with what the clocks of its zone show then."""
    zone = ZoneInfo(schedule.timezone)
    runs = schedules.next_runs(schedule, count)
    return tuple(Due(at=at, local=at.astimezone(zone)) for at in runs)
