"""The tables of automation."""

from automation.models.catalog_entry import CatalogEntry
from automation.models.execution import Execution, Priority, Trigger
from automation.models.execution_log import ExecutionLog

__all__ = ["CatalogEntry", "Execution", "ExecutionLog", "Priority", "Trigger"]
