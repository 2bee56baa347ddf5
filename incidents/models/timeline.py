"""What happened to an incident, line by line."""

from django.db import models
from django.db.models.functions import Now

from automation.models import Execution, WorkflowRun
from incidents.models.incident import Incident


class TimelineEntry(models.Model):
    """One line of an incident's timeline."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=40)
    """OPENED, SEEN, ACKNOWLEDGED, ASSIGNED, RESOLVED, REOPENED, FLAPPING, EXECUTION, RULE, NOTE."""
    text = models.TextField()
    actor = models.CharField(max_length=200, blank=True)
    execution = models.ForeignKey(Execution, on_delete=models.SET_NULL, null=True, related_name="+")
    workflow_run = models.ForeignKey(
        WorkflowRun, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        default_permissions = ()
        ordering = ["at", "pk"]
        indexes = [models.Index("incident", "at", name="timeline_of_incident")]

    def __str__(self) -> str:
        return self.text
