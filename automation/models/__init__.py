"""The tables of automation."""

from automation.models.approval import Approval, ApprovalState, ApprovalVote
from automation.models.batch import Batch
from automation.models.catalog_entry import CatalogEntry
from automation.models.execution import Execution
from automation.models.execution_log import ExecutionLog
from automation.models.priority import Priority
from automation.models.schedule import (
    MissedPolicy,
    OverlapPolicy,
    Schedule,
    ScheduleSlot,
    SlotState,
)
from automation.models.secret_parameters import SecretParameters
from automation.models.spent_key import SpentKey
from automation.models.stage import Stage
from automation.models.template import Template
from automation.models.trigger import STARTERS, Trigger
from automation.models.workflow import Workflow, WorkflowRun, WorkflowStep

__all__ = [
    "STARTERS",
    "Approval",
    "ApprovalState",
    "ApprovalVote",
    "Batch",
    "CatalogEntry",
    "Execution",
    "ExecutionLog",
    "MissedPolicy",
    "OverlapPolicy",
    "Priority",
    "Schedule",
    "ScheduleSlot",
    "SecretParameters",
    "SlotState",
    "SpentKey",
    "Stage",
    "Template",
    "Trigger",
    "Workflow",
    "WorkflowRun",
    "WorkflowStep",
]
