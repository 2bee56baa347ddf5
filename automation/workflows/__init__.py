"""Workflows: runbooks that follow one another. Pure; rows, workers and pages are others' matter.

A text becomes a :class:`Definition` (:func:`load`, :func:`parsed`), which is judged as a whole
(:func:`check`). A run of it is a :class:`State`; :func:`advance` says what to do next with it.
"""

from automation.workflows.checking import check, require
from automation.workflows.decisions import Decisions, Outcome, Settled, applied
from automation.workflows.definition import (
    Definition,
    Edge,
    ForEach,
    Input,
    InputType,
    Join,
    Note,
    On,
    OnFailure,
    Run,
    Wait,
)
from automation.workflows.errors import (
    DefinitionInvalid,
    Finding,
    ProgressInvalid,
    TextUnreadable,
    WorkflowError,
)
from automation.workflows.expressions import evaluate, filled, text_of, value_of
from automation.workflows.inputs import filled_in, typed
from automation.workflows.library import Library, SavedTemplate
from automation.workflows.progress import advance, again
from automation.workflows.reading import Form, dump, dump_value, load, load_value, parsed
from automation.workflows.state import (
    Phase,
    Result,
    Standing,
    State,
    begun,
    cancelled,
    ended,
    spread,
)

__all__ = [
    "Decisions",
    "Definition",
    "DefinitionInvalid",
    "Edge",
    "Finding",
    "ForEach",
    "Form",
    "Input",
    "InputType",
    "Join",
    "Library",
    "Note",
    "On",
    "OnFailure",
    "Outcome",
    "Phase",
    "ProgressInvalid",
    "Result",
    "Run",
    "SavedTemplate",
    "Settled",
    "Standing",
    "State",
    "TextUnreadable",
    "Wait",
    "WorkflowError",
    "advance",
    "again",
    "applied",
    "begun",
    "cancelled",
    "check",
    "dump",
    "dump_value",
    "ended",
    "evaluate",
    "filled",
    "filled_in",
    "load",
    "load_value",
    "parsed",
    "require",
    "spread",
    "text_of",
    "typed",
    "value_of",
]
