"""One run of one runbook on one server."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from automation.engine.results import ErrorCode, Status, Verdict
from automation.models.batch import Batch
from automation.models.catalog_entry import CatalogEntry
from automation.models.priority import Priority
from automation.models.secret_parameters import SecretParameters
from automation.models.stage import Stage
from automation.models.trigger import Trigger
from opsmanager.common.models import UUIDModel
from opsmanager.common.search import Words
from servers.models import Server


def _choices(kind: type[Status | Verdict | ErrorCode]) -> list[tuple[str, str]]:
    return [(value, value.replace("_", " ").capitalize()) for value in kind]


# What analytics and the records of runbooks look at, beside the runbook and the time.
_COUNTED = ["server", "status", "verdict", "triggered_by", "started_at", "finished_at"]


class Execution(Stage, UUIDModel):
    """One run of one runbook on one server.

    A worker claims it by a conditional update and then holds a lease, renewed while it lives; each
    of its writes carries the ``fence`` of the claim, so that a worker which lost its lease can
    write nothing more. All times are the database's. A rollback is claimed in the same way, with
    ``rollback_status`` in place of ``status``, which stays what it was until it succeeds.

    The table has a further column, ``words``: those of reason, summary and error message.
    """

    runbook = models.ForeignKey(CatalogEntry, on_delete=models.PROTECT, related_name="executions")
    server = models.ForeignKey(Server, on_delete=models.PROTECT, related_name="executions")
    batch = models.ForeignKey(
        Batch, on_delete=models.SET_NULL, null=True, related_name="executions", db_index=False
    )
    dry_run = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="exact_runs"
    )
    """The dry run that it is to repeat exactly."""
    incident_id = models.UUIDField(null=True)
    """Incidents stand above automation, so this is an id and no reference."""
    schedule_id = models.UUIDField(null=True)
    """The schedule that started it; an id and no reference, for schedules are deleted."""
    template_id = models.UUIDField(null=True)
    """The template that gave its parameters; as above."""
    workflow_run_id = models.UUIDField(null=True)
    """The run of a workflow that started it; as above, and the run refers to it."""
    workflow_node = models.CharField(max_length=50, blank=True, default="", db_default="")
    """The key of the node in it."""
    previous = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    """In a workflow: the result of the execution before it."""
    triggered_by = models.CharField(max_length=20, choices=Trigger.choices)
    trigger_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    """Of what started by itself: the name of the schedule or rule, as it was then."""
    triggered_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="executions"
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    """Whose permissions count where no user started it: the owner of the schedule or rule."""
    api_token_id = models.UUIDField(null=True)
    """The API token by which it was started; an id and no reference, for tokens are deleted."""
    api_token_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    reason = models.TextField(blank=True)
    status = models.CharField(max_length=20, choices=_choices(Status), default=Status.PENDING)
    verdict = models.CharField(max_length=20, choices=_choices(Verdict), blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    parameters = models.JSONField(default=dict)
    """Without the secret ones."""
    secret_parameters = models.ForeignKey(
        SecretParameters,
        on_delete=models.SET_NULL,
        null=True,
        related_name="executions",
        db_index=False,
    )
    is_dry_run = models.BooleanField(default=False)
    changes = models.BooleanField(default=True)
    """Whether it may change the server, and so needs the server to itself."""
    current_step = models.PositiveSmallIntegerField(default=0)
    total_steps = models.PositiveSmallIntegerField(default=0)
    step_titles = ArrayField(models.CharField(max_length=200), default=list)
    """As they were when it was launched; the code may change later."""
    steps_done = ArrayField(models.PositiveSmallIntegerField(), default=list)
    """The numbers of the steps that a rollback has to take back."""
    timeout_seconds = models.PositiveIntegerField(default=300)
    """For each attempt."""
    max_retries = models.PositiveSmallIntegerField(default=0)

    queued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    result_summary = models.TextField(blank=True)
    result_data = models.JSONField(default=dict)
    context = models.JSONField(default=dict)
    """What the steps shared; a later undo reads it."""
    once = models.JSONField(default=dict)
    """What its steps made up once, such as names with a time; another attempt uses it again."""
    warnings = ArrayField(models.TextField(), default=list)
    """What was not as in the dry run that it was to repeat."""
    assessment_before = models.JSONField(null=True)
    assessment_after = models.JSONField(null=True)
    error_code = models.CharField(max_length=30, choices=_choices(ErrorCode), blank=True)
    error_message = models.TextField(blank=True)

    attempt = models.PositiveSmallIntegerField(default=0)
    retry_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="retries"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """Who said how an UNKNOWN one had ended."""
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=20, blank=True)
    decision_reason = models.TextField(blank=True)
    rollback_performed = models.BooleanField(default=False)
    rollback_status = models.CharField(max_length=20, choices=_choices(Status), blank=True)
    """Where its rollback stands; empty while none was asked for."""
    rollback_reason = models.TextField(blank=True)
    rollback_message = models.TextField(blank=True)
    """What the rollback did, or why it did not succeed."""
    rollback_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    rollback_token_id = models.UUIDField(null=True)
    """The API token by which its rollback was asked for."""
    rollback_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    cancel_outcome = models.CharField(max_length=20, blank=True)

    # How it gets to a worker, and stays with it.
    waiting_since = models.DateTimeField(null=True, db_default=Now())
    """Its place in the queue; NULL while it does not wait for a worker."""
    not_before = models.DateTimeField(null=True)
    """Until when another attempt waits."""
    holds_server = models.BooleanField(default=False)
    """Whether it changes its server now: the server lock."""
    keeps_records = models.BooleanField(default=False)
    """Whether the server kept records of its commands when it was begun."""
    claims = models.PositiveSmallIntegerField(default=0)
    """How often it, or its rollback, was claimed since it was asked for."""
    resumes = models.BooleanField(default=False)
    """Whether the next attempt goes on with the last one, whose worker was lost."""
    begin_seq = models.PositiveIntegerField(default=0)
    """The last row of the log before the attempt that is run, or gone on with."""
    ask_server_at = models.DateTimeField(null=True)
    """When an UNKNOWN one's server is asked again how it ended; NULL for not any more."""
    fence = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    woken_at = models.DateTimeField(null=True)
    revision = models.BigIntegerField(default=0)
    """Grows with each change of the row or its log, so that a poll can ask for what is new."""
    last_seq = models.PositiveIntegerField(default=0)
    idempotency_key = models.CharField(max_length=200, null=True)
    idempotency_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        permissions = [
            ("cancel_execution", "Can cancel executions of others"),
            ("retry_execution", "Can run executions again"),
            ("rollback_execution", "Can roll executions back"),
            ("force_execution", "Can run in spite of a cooldown"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=list(Status)), name="execution_status_known"
            ),
            # The server lock itself: one execution changes a server at a time.
            models.UniqueConstraint(
                "server", condition=Q(holds_server=True), name="execution_server_lock"
            ),
            models.UniqueConstraint(
                "triggered_by_user",
                "idempotency_key",
                condition=Q(idempotency_key__isnull=False),
                name="execution_idempotency_key",
            ),
        ]
        indexes = [
            models.Index(F("queued_at").desc(), F("id").desc(), name="execution_newest_first"),
            models.Index("runbook", F("queued_at").desc(), name="execution_of_runbook"),
            models.Index("server", F("queued_at").desc(), name="execution_on_server"),
            models.Index(
                "status", F("queued_at").desc(), F("id").desc(), name="execution_status_newest"
            ),
            models.Index(
                "verdict",
                F("queued_at").desc(),
                name="execution_with_verdict",
                condition=~Q(verdict=""),
            ),
            models.Index("triggered_by", F("queued_at").desc(), name="execution_by_trigger"),
            models.Index("triggered_by_user", F("queued_at").desc(), name="execution_by_user"),
            models.Index(
                "incident_id",
                F("queued_at").desc(),
                name="execution_of_incident",
                condition=Q(incident_id__isnull=False),
            ),
            models.Index(
                "is_dry_run", F("queued_at").desc(), F("id").desc(), name="execution_dry_newest"
            ),
            # What cooldowns, queues and leases look at, each a few rows however long the history.
            models.Index(
                "runbook",
                "server",
                F("queued_at").desc(),
                name="execution_cooldown",
                condition=Q(is_dry_run=False),
            ),
            models.Index(
                "priority",
                "waiting_since",
                name="execution_queue",
                condition=Q(waiting_since__isnull=False),
            ),
            models.Index(
                "server",
                "priority",
                "waiting_since",
                name="execution_server_queue",
                condition=Q(waiting_since__isnull=False),
            ),
            models.Index(
                "lease_until", name="execution_leases", condition=Q(lease_until__isnull=False)
            ),
            models.Index(
                "ask_server_at",
                name="execution_to_ask_about",
                condition=Q(ask_server_at__isnull=False),
            ),
            models.Index(
                "rollback_at",
                name="execution_not_rolled_back",
                condition=Q(rollback_status__in=[Status.FAILED, Status.UNKNOWN]),
            ),
            models.Index(
                "secret_parameters",
                name="execution_with_secrets",
                condition=Q(secret_parameters__isnull=False),
            ),
            models.Index("batch", name="execution_of_batch", condition=Q(batch__isnull=False)),
            # What analytics and the records of runbooks count, without a look at the table. No
            # column of theirs changes without one of another index, so what the journal updates
            # all the time (last_seq, revision) still touches no index.
            models.Index(
                fields=["queued_at"],
                include=["runbook", *_COUNTED],
                name="execution_analytics",
                condition=Q(is_dry_run=False),
            ),
            models.Index(
                fields=["runbook", "-queued_at"],
                include=_COUNTED,
                name="execution_record",
                condition=Q(is_dry_run=False),
            ),
            models.Index(
                "schedule_id",
                F("queued_at").desc(),
                name="execution_of_schedule",
                condition=Q(schedule_id__isnull=False),
            ),
            models.Index(
                "template_id",
                F("queued_at").desc(),
                name="execution_of_template",
                condition=Q(template_id__isnull=False),
            ),
            models.Index(
                "workflow_run_id",
                F("queued_at").desc(),
                name="execution_of_workflow",
                condition=Q(workflow_run_id__isnull=False),
            ),
            # For lists in another order, and for searches.
            models.Index("started_at", "id", name="execution_started"),
            models.Index("finished_at", "id", name="execution_finished"),
            models.Index("status", "id", name="execution_by_status"),
            GinIndex(Words(), name="execution_words"),
        ]

    def __str__(self) -> str:
        return f"{self.runbook} on {self.server}"

    @property
    def success(self) -> bool | None:
        """Whether it succeeded; ``None`` while it has not ended."""
        return Status(self.status) is Status.SUCCESS if self.is_final else None

    @property
    def progress(self) -> int:
        """How far it is, 0 to 100, by steps."""
        if self.is_final:
            return 100
        return (
            round(100 * max(self.current_step - 1, 0) / self.total_steps) if self.total_steps else 0
        )

    @property
    def duration_ms(self) -> int | None:
        """From its start to its end, in milliseconds; ``None`` before both are known."""
        if self.started_at is None or self.finished_at is None:
            return None
        return round((self.finished_at - self.started_at).total_seconds() * 1000)
