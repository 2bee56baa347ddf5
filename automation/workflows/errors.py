"""What can't be done with a workflow, each with sentences for the person who wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass


class WorkflowError(Exception):
    """Something can't be done with a workflow."""


class TextUnreadable(WorkflowError):
    """A text is no YAML or JSON that a workflow may be written in."""


class ProgressInvalid(WorkflowError):
    """A step that a run of a workflow can't take from where it stands."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with a workflow, and where."""

    place: str
    """Such as ``nodes.check.parameters.path`` or ``edges[2].to``; empty for the whole."""
    sentence: str

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.place}: {self.sentence}" if self.place else self.sentence


class DefinitionInvalid(WorkflowError):
    """A workflow is not one that can run; ``findings`` say all that is wrong."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = list(findings)
