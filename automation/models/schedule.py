"""What runs at set times, and what became of each of them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django_celery_beat.models import PeriodicTask

from automation.models.batch import Batch
from automation.models.catalog_entry import CatalogEntry
from automation.models.execution import Execution
from automation.models.priority import Priority
from automation.models.secret_parameters import SecretParameters
from automation.models.template import Template
from automation.models.workflow import Workflow, WorkflowRun
from opsmanager.common.models import TimestampedModel, UUIDModel
from servers.models import Server, ServerGroup


class MissedPolicy(models.TextChoices):
    """What becomes of a slot that nobody looked at in time."""

    RUN_ONCE = "RUN_ONCE", "Run once, late"
    SKIP = "SKIP", "Leave it out"


class OverlapPolicy(models.TextChoices):
    """What becomes of a slot while the one before has not ended."""

    SKIP = "SKIP", "Leave it out"
    QUEUE = "QUEUE", "Wait until the one before has ended"


class Schedule(UUIDModel, TimestampedModel):
    """A cron expression in a time zone that runs a runbook or template on a server or group.

    Beat's row (``periodic_task``) only wakes: which slots are due is worked out from the
    expression, and each is claimed by its row (:class:`ScheduleSlot`), so that it runs once.
    """

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    runbook = models.ForeignKey(
        CatalogEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    """In place of a runbook; its parameters count, those of the schedule are laid over them."""
    workflow = models.ForeignKey(
        Workflow, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    """In place of both; ``parameters`` are its inputs, and it says itself where it runs."""
    parameters = models.JSONField(default=dict, blank=True)
    """By names on the wire, without the secret ones."""
    secret_parameters = models.ForeignKey(
        SecretParameters, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    server = models.ForeignKey(
        Server, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    server_group = models.ForeignKey(
        ServerGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    cron_expression = models.CharField(max_length=200)
    """Five fields: minute, hour, day of month, month, day of week."""
    timezone = models.CharField(max_length=64, default="UTC")
    """A name of the time zone database, such as Europe/Berlin."""
    is_active = models.BooleanField(default=True)
    is_dry_run = models.BooleanField(default=False)
    is_confirmed = models.BooleanField(default=False)
    """Whether its owner meant it, where the runbook is dangerous or a server in production."""
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    missed = models.CharField(
        max_length=20, choices=MissedPolicy.choices, default=MissedPolicy.RUN_ONCE
    )
    overlap = models.CharField(
        max_length=20, choices=OverlapPolicy.choices, default=OverlapPolicy.SKIP
    )
    max_parallel = models.PositiveIntegerField(null=True, blank=True)
    """On a group: how many run at once at most."""
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="schedules",
    )
    """Who saved it last: it may do what they may, no more."""
    periodic_task = models.OneToOneField(
        PeriodicTask, on_delete=models.SET_NULL, null=True, editable=False, related_name="wakes"
    )
    seen_until = models.DateTimeField(db_default=Now(), editable=False)
    """All slots up to here have been dealt with."""

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(runbook__isnull=False, template__isnull=True, workflow__isnull=True)
                | Q(runbook__isnull=True, template__isnull=False, workflow__isnull=True)
                | Q(
                    runbook__isnull=True,
                    template__isnull=True,
                    workflow__isnull=False,
                    server__isnull=True,
                    server_group__isnull=True,
                ),
                name="schedule_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(server__isnull=True) | Q(server_group__isnull=True),
                name="schedule_one_place",
            ),
        ]
        indexes = [
            models.Index("seen_until", name="schedule_due", condition=Q(is_active=True)),
        ]

    def __str__(self) -> str:
        return self.name


class SlotState(models.TextChoices):
    """What became of a slot."""

    STARTED = "STARTED", "Started"
    LATE = "LATE", "Started late"
    WAITING = "WAITING", "Waits for the one before"
    OVERLAPPED = "OVERLAPPED", "Left out: the one before had not ended"
    MISSED = "MISSED", "Missed"
    REFUSED = "REFUSED", "Refused"


class ScheduleSlot(models.Model):
    """One time at which a schedule was due, and what became of it: the row is its identity."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="slots")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=SlotState.choices)
    message = models.TextField(blank=True)
    """Why nothing was started, in a sentence; empty where something was."""
    conditions = models.JSONField(default=list)
    """Of a refusal: each condition with name, holds and message."""
    handled_at = models.DateTimeField(db_default=Now())
    execution = models.ForeignKey(Execution, on_delete=models.SET_NULL, null=True, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.SET_NULL, null=True, related_name="+")
    workflow_run = models.ForeignKey(
        WorkflowRun, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("schedule", "due_at", name="slot_once")]
        indexes = [
            models.Index(F("due_at").desc(), name="slot_newest"),
            models.Index("schedule", name="slot_waiting", condition=Q(state="WAITING")),
            models.Index(
                F("due_at").desc(),
                name="slot_unlucky",
                condition=Q(state__in=["MISSED", "REFUSED"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule} at {self.due_at:%Y-%m-%d %H:%M}"
