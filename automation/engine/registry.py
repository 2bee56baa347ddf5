"""Knows the runbooks that were defined, by their ids."""

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from automation.engine.errors import RunbookInvalid, UnknownRunbook

if TYPE_CHECKING:
    from automation.engine.runbook import Runbook


class Registry:
    """The runbooks by id; iterates in the order of their ids."""

    def __init__(self) -> None:
        self._runbooks: dict[str, type[Runbook]] = {}

    def add(self, runbook: "type[Runbook]") -> None:
        """Add a class; raises ``RunbookInvalid`` when another one has its id.

        The same class, imported again, replaces itself.
        """
        known = self._runbooks.get(runbook.id)
        if known is not None and _place(known) != _place(runbook):
            raise RunbookInvalid(
                f"{_place(runbook)} and {_place(known)} both have the id {runbook.id}; "
                "an id belongs to one runbook."
            )
        self._runbooks[runbook.id] = runbook

    def get(self, runbook_id: str) -> "type[Runbook]":
        """Return the class with this id; raises ``UnknownRunbook``."""
        try:
            return self._runbooks[runbook_id]
        except KeyError:
            close = difflib.get_close_matches(runbook_id.upper(), self._runbooks, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise UnknownRunbook(f"There is no runbook {runbook_id}.{hint}") from None

    def __contains__(self, runbook_id: object) -> bool:
        return runbook_id in self._runbooks

    def __iter__(self) -> "Iterator[type[Runbook]]":
        return iter([self._runbooks[key] for key in sorted(self._runbooks)])

    def __len__(self) -> int:
        return len(self._runbooks)


def _place(runbook: type) -> str:
    return f"{runbook.__module__}.{runbook.__qualname__}"


registry = Registry()
"""The library: where a runbook goes unless its class names another registry."""
