"""One row of an execution's log: one action."""

from django.db import models

from automation.engine.results import ActionStatus, StepType
from automation.models.execution import Execution


class ExecutionLog(models.Model):
    """One action of an execution; of a changing command the intent, written before it is sent.

    The table is partitioned by the month of ``queued_at``, the time its execution was queued, so
    that the log of one execution stands in one partition, whenever its rows were written.
    """

    pk = models.CompositePrimaryKey("execution_id", "seq", "queued_at")
    # The key begins with the execution already: no second index.
    execution = models.ForeignKey(
        Execution, on_delete=models.CASCADE, related_name="logs", db_index=False
    )
    seq = models.PositiveIntegerField()
    queued_at = models.DateTimeField()
    action_id = models.UUIDField()
    """Also the name of the record that the server keeps of it."""
    attempt = models.PositiveSmallIntegerField(default=1)
    step_number = models.PositiveSmallIntegerField()
    step_name = models.CharField(max_length=200)
    step_type = models.CharField(
        max_length=20, choices=[(kind.value, kind.value) for kind in StepType]
    )
    command = models.TextField()
    changes = models.BooleanField(default=False)
    stdout = models.TextField(default="")
    stderr = models.TextField(default="")
    exit_code = models.IntegerField(null=True)
    status = models.CharField(
        max_length=20, choices=[(status.value, status.value) for status in ActionStatus]
    )
    error_message = models.TextField(default="")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.execution_id} #{self.seq}"

    @property
    def duration_ms(self) -> int | None:
        """Its duration in milliseconds; ``None`` while it runs."""
        if self.finished_at is None:
            return None
        return round((self.finished_at - self.started_at).total_seconds() * 1000)
