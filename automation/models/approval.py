"""Asking other people before something happens, what they said, and going on without them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from automation.models.execution import Execution
from automation.models.workflow import WorkflowStep
from opsmanager.common.models import UUIDModel


class ApprovalState(models.TextChoices):
    """Where it stands whether something may happen."""

    PENDING = "PENDING", "Waits"
    APPROVED = "APPROVED", "Approved"
    REJECTED = "REJECTED", "Rejected"
    EXPIRED = "EXPIRED", "Expired"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    """What it was for was cancelled."""
    BYPASSED = "BYPASSED", "Passed over in an emergency"


class Approval(UUIDModel):
    """One thing that waits for other people: an execution, or a node of a workflow's run."""

    execution = models.OneToOneField(
        Execution, on_delete=models.CASCADE, null=True, related_name="approval"
    )
    step = models.ForeignKey(
        WorkflowStep, on_delete=models.CASCADE, null=True, related_name="approvals"
    )
    title = models.CharField(max_length=300)
    """What is going to happen, in a line."""
    message = models.TextField(blank=True)
    """What is asked, or why it is asked for."""
    needed = models.PositiveSmallIntegerField()
    """How many different people must approve."""
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """Who may not approve it: the one who asked for it, or for whom it starts by itself."""
    asked_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    state = models.CharField(
        max_length=20, choices=ApprovalState.choices, default=ApprovalState.PENDING
    )
    decided_at = models.DateTimeField(null=True)
    bypassed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """Who broke the glass."""
    bypass_reason = models.TextField(blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)
    review_note = models.TextField(blank=True)

    class Meta:
        permissions = [
            ("grant_approval", "Can approve what others ask for"),
            ("bypass_approval", "Can go on without an approval in an emergency"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(execution__isnull=False, step__isnull=True)
                | Q(execution__isnull=True, step__isnull=False),
                name="approval_of_one_thing",
            )
        ]
        indexes = [
            models.Index(F("asked_at").desc(), F("id").desc(), name="approval_newest"),
            models.Index("expires_at", name="approval_pending", condition=Q(state="PENDING")),
            models.Index(
                "decided_at",
                name="approval_to_review",
                condition=Q(state="BYPASSED", reviewed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_pending(self) -> bool:
        """Whether it still waits for people."""
        return self.state == ApprovalState.PENDING

    @property
    def wants_review(self) -> bool:
        """Whether somebody went on without it, and nobody has looked at that yet."""
        return self.state == ApprovalState.BYPASSED and self.reviewed_at is None


class ApprovalVote(models.Model):
    """What one person said."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    approves = models.BooleanField()
    reason = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint("approval", "user", name="approval_one_vote"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {'yes' if self.approves else 'no'}"
