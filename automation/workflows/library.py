"""What a workflow is checked against: the runbooks, templates, servers and groups there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from automation.engine.params import Parameters


@dataclass(frozen=True, kw_only=True)
class SavedTemplate:
    """A runbook with parameters that were saved together."""

    runbook: type[Parameters]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """By their names on the wire, without the secret ones."""
    secrets: frozenset[str] = frozenset()
    """The names on the wire of the secret parameters that are saved with it."""


class Library(Protocol):
    """Knows what workflows may name; for the one who saves the workflow, where rights matter."""

    def runbook(self, runbook_id: str, /) -> type[Parameters] | None:
        """Return the class of the runbook with this id."""

    def template(self, name: str, /) -> SavedTemplate | None:
        """Return the template with this name or id."""

    def has_server(self, name: str, /) -> bool:
        """Say whether there is a server with this name or id."""

    def has_group(self, name: str, /) -> bool:
        """Say whether there is a group with this name or id."""
