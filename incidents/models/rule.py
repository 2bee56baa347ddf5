"""Which incidents start which runbook or workflow, and what came of each."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from automation.models import CatalogEntry, Execution, Template, Workflow, WorkflowRun
from incidents.models.incident import Incident
from opsmanager.common.models import TimestampedModel, UUIDModel
from servers.models import Server, ServerGroup


class RuleMode(models.TextChoices):
    """What a rule does about an incident that it fits."""

    OFF = "OFF", "Off"
    SHADOW = "SHADOW", "Shadow: decides and records, starts nothing"
    SUGGEST = "SUGGEST", "Suggests: a person starts it"
    AUTOMATIC = "AUTOMATIC", "Automatic: starts it"


class RemediationRule(UUIDModel, TimestampedModel):
    """Which incidents start which runbook or workflow, with which guards.

    It fits an incident when all that it names fits: an empty list or text fits all.
    """

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    rank = models.PositiveSmallIntegerField(default=100)
    """Rules are asked in this order; the first that starts something ends it."""
    mode = models.CharField(max_length=20, choices=RuleMode.choices, default=RuleMode.OFF)

    sources = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    """Slugs of sources, or ``manual``."""
    severities = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    labels = models.JSONField(default=dict, blank=True)
    """Label name to the value it must have; ``*`` in a value stands for any text."""
    title = models.CharField(max_length=300, blank=True)
    """What the title must hold, ``*`` standing for any text; capitals don't matter."""
    server_group = models.ForeignKey(
        ServerGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """The incident's server must be of this group."""

    runbook = models.ForeignKey(
        CatalogEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """In place of a runbook: its parameters count, those of the rule are laid over them."""
    workflow = models.ForeignKey(
        Workflow, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """In place of a runbook: the parameters are its inputs then."""
    parameters = models.JSONField(default=dict, blank=True)
    """By names on the wire; a text may be a template over the incident, such as
    ``{{ labels.service }}``."""
    server_template = models.CharField(max_length=300, blank=True)
    """A template that names the server by its name or alias; empty for the incident's own."""
    is_confirmed = models.BooleanField(default=False)
    """Whether its owner meant it, where the runbook is dangerous or a server in production."""

    per_hour = models.PositiveIntegerField(default=6, validators=[MinValueValidator(1)])
    """How many it starts in an hour at most."""
    at_once = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    """How many of it run at once at most."""
    group_limit = models.PositiveIntegerField(null=True, blank=True)
    """On how many servers of a group at once at most."""
    group_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    """On what part of a group's servers at once at most, in percent; one is always allowed."""
    breaker_after = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    """After how many runs in a row that did not fix it stops for that server."""
    retry_minutes = models.PositiveIntegerField(default=10, validators=[MaxValueValidator(1440)])
    """After how long a run that did not fix is followed by another; 0 for with the next alert."""
    resolves = models.BooleanField(default=True)
    """Whether FIXED resolves the incident, or only notes it."""
    acts_while_flapping = models.BooleanField(default=False)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="remediation_rules",
    )
    """Who saved it last: it may do what they may, no more."""

    class Meta:
        ordering = ["rank", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(runbook__isnull=False, template__isnull=True, workflow__isnull=True)
                | Q(runbook__isnull=True, template__isnull=False, workflow__isnull=True)
                | Q(runbook__isnull=True, template__isnull=True, workflow__isnull=False),
                name="rule_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.name


class DecisionOutcome(models.TextChoices):
    """What a rule decided about an incident."""

    STARTED = "STARTED", "Started"
    SUGGESTED = "SUGGESTED", "Suggested"
    SHADOW = "SHADOW", "Would have started"
    HELD = "HELD", "Held back"


class RuleDecision(UUIDModel):
    """What a rule that fits an incident decided, and why."""

    rule = models.ForeignKey(RemediationRule, on_delete=models.CASCADE, related_name="decisions")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="decisions")
    server = models.ForeignKey(Server, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())
    outcome = models.CharField(max_length=20, choices=DecisionOutcome.choices)
    message = models.TextField()
    """In a sentence."""
    conditions = models.JSONField(default=list)
    """Each condition with name, holds, message."""
    parameters = models.JSONField(default=dict)
    execution = models.ForeignKey(Execution, on_delete=models.SET_NULL, null=True, related_name="+")
    """What was started."""
    workflow_run = models.ForeignKey(
        WorkflowRun, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """What was started, of a workflow."""
    did_fix = models.BooleanField(null=True)
    """What that came to; NULL while it is not known, or nothing was started."""
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index("rule", F("at").desc(), name="decision_of_rule"),
            models.Index("incident", "at", name="decision_of_incident"),
            models.Index("rule", "server", F("at").desc(), name="decision_on_server"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.outcome}"

    @property
    def has_begun(self) -> bool:
        """Whether something was started by it that is still there."""
        return self.execution_id is not None or self.workflow_run_id is not None

    def began(self, started: Execution | WorkflowRun) -> bool:
        """Whether this very thing was started by it."""
        return started.pk in (self.execution_id, self.workflow_run_id)

    def take(self, started: Execution | WorkflowRun) -> None:
        """Say what was started by it, not saved."""
        if isinstance(started, WorkflowRun):
            self.workflow_run = started
        else:
            self.execution = started


class RuleBreaker(UUIDModel):
    """A rule that was stopped for a server, because it did not help there."""

    rule = models.ForeignKey(RemediationRule, on_delete=models.CASCADE, related_name="breakers")
    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="+")
    opened_at = models.DateTimeField(db_default=Now())
    message = models.TextField()
    rearmed_at = models.DateTimeField(null=True)
    rearmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    rearm_reason = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "rule", "server", condition=Q(rearmed_at=None), name="breaker_open_once"
            )
        ]
        indexes = [models.Index("rule", "server", F("opened_at").desc(), name="breaker_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule} on {self.server}"
