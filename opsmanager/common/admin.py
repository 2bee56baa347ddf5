"""What OpsManager does by itself at its times, in the Django admin: to look at, not to touch.

Schedules of the library would let an administrator send any task with any arguments to a worker,
and switch off what keeps the product whole; they are of no other use here.
"""

from django.contrib import admin
from django.utils.safestring import SafeString
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from opsmanager.common import admin_processes  # noqa: F401 - it registers
from opsmanager.common.admin_parts import HOUSE, ReadOnly, called, mark

for kind in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(kind)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ReadOnly, admin.ModelAdmin[PeriodicTask]):
    """What beat asks for, and when it did last."""

    section, rank = HOUSE, 10
    rows_called = "Housekeeping"
    about = "What OpsManager does by itself at its times, and when it did last."
    list_display = ("name", "state", "often", "last_run_at", "total_run_count")
    list_filter = (("enabled", called("whether it is on")), "last_run_at")
    search_fields = ("name", "task")
    search_help_text = "A name"
    list_select_related = ("interval", "crontab", "solar", "clocked")
    ordering = ("name",)
    fields = (
        "name",
        "task",
        "state",
        "often",
        "last_run_at",
        "total_run_count",
        "queue",
        "args",
        "kwargs",
        "description",
    )
    readonly_fields = ("state", "often")

    @admin.display(description="State", ordering="enabled")
    def state(self, task: PeriodicTask) -> SafeString:
        """Whether beat asks for it."""
        if task.enabled:
            return mark("good", "circle-check", "On")
        return mark("idle", "ban", "Switched off")

    @admin.display(description="How often")
    def often(self, task: PeriodicTask) -> str:
        """Say when beat asks for it."""
        return str(task.interval or task.crontab or task.solar or task.clocked or "")
