"""What starts executions and runs of workflows."""

from typing import Final

from django.db import models


class Trigger(models.TextChoices):
    """What started something."""

    INCIDENT = "INCIDENT", "Incident"
    MANUAL = "MANUAL", "By hand"
    SCHEDULED = "SCHEDULED", "Schedule"
    WORKFLOW = "WORKFLOW", "Workflow"


STARTERS: Final = {
    Trigger.SCHEDULED: "schedule",
    Trigger.INCIDENT: "rule",
    Trigger.WORKFLOW: "workflow",
}
"""What of ours starts something by itself, in a word; its name stands in ``trigger_name``."""
