"""Makes workflows for tests, and a library of what they may name."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, model_validator

from automation.engine.params import Param, Parameters
from automation.workflows import Definition, SavedTemplate, parsed


class Clean(Parameters):
    """What a runbook takes that cleans up."""

    path: str = Param(help="Where", min_length=1)
    min_size_mb: int = Param(10, ge=1, le=100, unit="MB", help="How much")
    patterns: list[str] = Param([], help="Which")
    password: SecretStr | None = Param(None, secret=True, help="Of the archive")
    is_first: bool = Param(False, help="One of both")
    is_last: bool = Param(False, help="One of both")

    @model_validator(mode="after")
    def _not_both(self) -> "Clean":
        if self.is_first and self.is_last:
            raise ValueError("Choose first or last.")
        return self


class Check(Parameters):
    """A runbook that takes nothing."""


class Shelf:
    """A library with two runbooks, a template, a server and a group."""

    def runbook(self, runbook_id: str, /) -> type[Parameters] | None:
        known: dict[str, type[Parameters]] = {"CLEAN": Clean, "CHECK": Check}
        return known.get(runbook_id)

    def template(self, name: str, /) -> SavedTemplate | None:
        if name != "clean-logs":
            return None
        return SavedTemplate(
            runbook=Clean, parameters={"path": "/var/log"}, secrets=frozenset({"password"})
        )

    def has_server(self, name: str, /) -> bool:
        return name == "web-1"

    def has_group(self, name: str, /) -> bool:
        return name == "web"


def note(**fields: Any) -> dict[str, Any]:
    return {"kind": "note", "text": "Hello", **fields}


def run(**fields: Any) -> dict[str, Any]:
    return {"kind": "run", "runbook": "CHECK", "server": "web-1", **fields}


def edge(way: str, **fields: Any) -> dict[str, Any]:
    """Return an edge such as ``edge("a b", on="failure")``."""
    first, last = way.split()
    return {"from": first, "to": last, **fields}


def workflow(
    nodes: Mapping[str, Mapping[str, Any]] | str, *edges: dict[str, Any] | str, **fields: Any
) -> Definition:
    """Return a workflow; nodes that are only named are notes, edges that are only named follow."""
    named = nodes.split() if isinstance(nodes, str) else None
    return parsed(
        {
            "name": "Clean up",
            "nodes": dict.fromkeys(named, note()) if named is not None else nodes,
            "edges": [edge(each) if isinstance(each, str) else each for each in edges],
            **fields,
        }
    )
