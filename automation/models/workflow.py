"""Workflows as they are saved, their runs, and where each node of a run stands."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from automation.engine.results import Status
from automation.models.execution import Execution
from automation.models.priority import Priority
from automation.models.trigger import Trigger
from automation.workflows.state import Phase
from opsmanager.common.models import TimestampedModel, UUIDModel
from servers.models import Server

STATUSES = (Status.RUNNING, Status.SUCCESS, Status.FAILED, Status.CANCELLED)
"""Those of a run: it begins at once, and of what it ran it waits for what nobody knows."""


class Workflow(UUIDModel, TimestampedModel):
    """Runbooks that follow one another, as somebody has saved them."""

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    definition = models.JSONField()
    """What :meth:`automation.workflows.Definition.as_json` returns."""
    version = models.PositiveIntegerField(default=1)
    """Grows with each change of the definition."""
    is_active = models.BooleanField(default=True)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WorkflowRun(UUIDModel):
    """One run of a workflow, with the definition and inputs that it began with.

    Whoever goes on with it locks its row. What is next is worked out from its steps.
    """

    workflow = models.ForeignKey(
        Workflow, on_delete=models.SET_NULL, null=True, related_name="runs"
    )
    """NULL once it was deleted."""
    name = models.CharField(max_length=200)
    """The workflow's, as it was then."""
    version = models.PositiveIntegerField()
    definition = models.JSONField()
    inputs = models.JSONField(default=dict)
    status = models.CharField(
        max_length=20,
        choices=[(status.value, status.value.capitalize()) for status in STATUSES],
        default=Status.RUNNING,
    )
    message = models.TextField(blank=True)
    """How it has ended, in a sentence."""
    triggered_by = models.CharField(max_length=20, choices=Trigger.choices, default=Trigger.MANUAL)
    trigger_name = models.CharField(max_length=200, blank=True)
    """Of what started by itself: the name of the schedule or rule, as it was then."""
    triggered_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """Whose permissions count where no user started it: the owner of the schedule or rule."""
    api_token_id = models.UUIDField(null=True)
    """The API token by which it was started, or had to go on last; of tokens, for they are deleted,
    the id alone."""
    api_token_name = models.CharField(max_length=100, blank=True)
    schedule_id = models.UUIDField(null=True)
    incident_id = models.UUIDField(null=True)
    reason = models.TextField(blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    is_dry_run = models.BooleanField(default=False)
    """Whether all that it runs is a dry run; it waits for nothing and nobody then."""
    is_confirmed = models.BooleanField(default=False)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    retried_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """Who had it go on last: from then on their permissions count."""
    retries = models.PositiveIntegerField(default=0)
    """How often somebody had it go on from what had failed."""
    revision = models.BigIntegerField(default=0)
    """Grows with each change of the run or its steps, so that a poll can ask for what is new."""
    idempotency_key = models.CharField(max_length=200, null=True)
    idempotency_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "triggered_by_user",
                "idempotency_key",
                condition=Q(idempotency_key__isnull=False),
                name="workflow_run_idempotency_key",
            ),
        ]
        indexes = [
            models.Index(F("started_at").desc(), F("id").desc(), name="workflow_run_newest"),
            models.Index("workflow", F("started_at").desc(), name="workflow_run_of_workflow"),
            models.Index(
                "started_at", name="workflow_run_live", condition=Q(status=Status.RUNNING)
            ),
            models.Index(
                "schedule_id",
                F("started_at").desc(),
                name="workflow_run_of_schedule",
                condition=Q(schedule_id__isnull=False),
            ),
            models.Index(
                "incident_id",
                F("started_at").desc(),
                name="workflow_run_of_incident",
                condition=Q(incident_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.pk}"

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.status != Status.RUNNING


class WorkflowStep(models.Model):
    """Where a node of a run stands; of a node for several servers, also each of them by itself."""

    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=50)
    """The node's, in the definition."""
    item = models.CharField(max_length=100, blank=True)
    """The name of the server as it was then; empty for the node as a whole."""
    position = models.PositiveIntegerField()
    """Its place among the steps of the run, as they are shown."""
    phase = models.CharField(
        max_length=20,
        choices=[(phase.value, phase.value.capitalize()) for phase in Phase],
        default=Phase.WAITING,
    )
    reason = models.TextField(blank=True)
    """Why it was skipped, failed without running, or was not begun."""
    result = models.JSONField(null=True)
    """What came out of it, where it ran, as templates see it."""
    is_spread = models.BooleanField(default=False)
    """Whether it is known on which servers the node runs; they have rows of their own then."""
    server = models.ForeignKey(Server, on_delete=models.SET_NULL, null=True, related_name="+")
    execution = models.ForeignKey(
        Execution, on_delete=models.SET_NULL, null=True, related_name="workflow_steps"
    )
    """What it runs, or ran last."""
    due_at = models.DateTimeField(null=True)
    """When a wait is over."""
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["position"]
        constraints = [models.UniqueConstraint("run", "key", "item", name="workflow_step_once")]
        indexes = [
            # What may have news, a few rows however long the history.
            models.Index("run", name="workflow_step_running", condition=Q(phase=Phase.RUNNING)),
        ]

    def __str__(self) -> str:
        return f"{self.key} on {self.item}" if self.item else self.key
