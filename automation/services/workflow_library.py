"""What the workflow of a user may name: what is there, as far as that user may see it."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from automation.engine.params import secret_names
from automation.engine.runbook import Runbook
from automation.selectors import runbooks
from automation.services import workflow_places
from automation.workflows import SavedTemplate
from opsmanager.accounts.models import User
from opsmanager.common.problems import NotFound

_REMEMBERED = 2048
_T = TypeVar("_T")


class UsersLibrary:
    """A :class:`automation.workflows.Library` for one user; remembers what it was asked for.

    Make one for each check: what is there changes.
    """

    def __init__(self, user: User) -> None:
        self._user = user
        remember = lru_cache(maxsize=_REMEMBERED)
        self.runbook = remember(self._runbook)
        self.template = remember(self._template)
        self.has_server = remember(self._has_server)
        self.has_group = remember(self._has_group)

    def _runbook(self, runbook_id: str, /) -> type[Runbook] | None:
        return _found(lambda: runbooks.code_of(workflow_places.runbook(self._user, runbook_id)))

    def _template(self, name: str, /) -> SavedTemplate | None:
        return _found(lambda: self._saved(name))

    def _saved(self, name: str) -> SavedTemplate:
        row = workflow_places.template(self._user, name)
        kind = runbooks.code_of(row.runbook)
        kept = row.secret_parameters.names if row.secret_parameters else []
        return SavedTemplate(
            runbook=kind,
            parameters=row.parameters,
            secrets=frozenset(kept) & secret_names(kind).keys(),
        )

    def _has_server(self, name: str, /) -> bool:
        return _found(lambda: workflow_places.server(self._user, name)) is not None

    def _has_group(self, name: str, /) -> bool:
        return _found(lambda: workflow_places.group(self._user, name)) is not None


def _found(look: Callable[[], _T]) -> _T | None:
    try:
        return look()
    except NotFound:
        return None
