"""The pure heart of OpsManager: what a runbook is and how its steps are run.

Nothing here knows Django, Celery or SSH. The outside world enters through three ports
(:mod:`automation.engine.ports`, :mod:`automation.engine.http`). What the author of a runbook needs
is importable from here.
"""

from automation.engine.commands import Shell
from automation.engine.errors import (
    AddressRefused,
    AnswerUnreadable,
    CommandFailed,
    CommandTimedOut,
    SudoUnavailable,
    ValidationFailed,
    WebUnreachable,
)
from automation.engine.http import HttpAnswer
from automation.engine.kinds import Category, Platform
from automation.engine.parameter_types import AbsolutePath, Percent, Port, SystemdUnit, Url
from automation.engine.params import Param
from automation.engine.results import Assessment, CommandResult
from automation.engine.run import Run
from automation.engine.runbook import Runbook
from automation.engine.step import step

__all__ = [
    "AbsolutePath",
    "AddressRefused",
    "AnswerUnreadable",
    "Assessment",
    "Category",
    "CommandFailed",
    "CommandResult",
    "CommandTimedOut",
    "HttpAnswer",
    "Param",
    "Percent",
    "Platform",
    "Port",
    "Run",
    "Runbook",
    "Shell",
    "SudoUnavailable",
    "SystemdUnit",
    "Url",
    "ValidationFailed",
    "WebUnreachable",
    "step",
]
