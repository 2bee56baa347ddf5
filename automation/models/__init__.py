"""The tables of automation."""

from automation.models.batch import Batch
from automation.models.catalog_entry import CatalogEntry
from automation.models.execution import Execution, Trigger
from automation.models.execution_log import ExecutionLog
from automation.models.priority import Priority
from automation.models.secret_parameters import SecretParameters
from automation.models.spent_key import SpentKey

__all__ = [
    "Batch",
    "CatalogEntry",
    "Execution",
    "ExecutionLog",
    "Priority",
    "SecretParameters",
    "SpentKey",
    "Trigger",
]
