"""Can the code of the last release work while a migration runs, and after it?

Web and workers are replaced one by one, so the old code meets the new tables for a while. What it
can't bear is found here. Where that is safe all the same, the migration says why, in a comment:

    # Old code bears RemoveField execution.words: the release before reads it no more.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import django
from django.apps import apps
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import connection, migrations
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Field, ForeignKey, ManyToManyField
from django.db.models.fields import NOT_PROVIDED

FIRST_RELEASE: Final = {
    "accounts": 3,
    "audit": 4,
    "automation": 10,
    "common": 1,
    "incidents": 7,
    "notifications": 2,
    "servers": 5,
}
"""The last migration of each app that no released code ran before: up to it all is accepted."""
LARGE: Final = {
    ("audit", "auditevent"),
    ("automation", "execution"),
    ("automation", "executionlog"),
    ("incidents", "incident"),
    ("incidents", "timelineentry"),
    ("notifications", "delivery"),
}
"""Tables that may not be locked for as long as an index takes."""
_BEARS: Final = re.compile(r"^\s*# Old code bears (\w+ [\w.]+): (\S.{9,})$", re.MULTILINE)
_GONE: Final = {
    "RemoveField": "code that still runs reads and writes this column",
    "DeleteModel": "code that still runs reads and writes this table",
    "RenameField": "code that still runs knows the old name alone",
    "RenameModel": "code that still runs knows the old name alone",
    "AlterModelTable": "code that still runs knows the old name alone",
    "AlterUniqueTogether": "code that still runs may write what it forbids",
    "AlterIndexTogether": "it locks the table while the index is made",
    "RemoveConstraint": "code that still runs may rely on it",
    "RunSQL": "nobody but its author can tell what it does to code that still runs",
    "RunPython": "nobody but its author can tell what it does to code that still runs",
}
_HARMLESS: Final = (
    migrations.CreateModel,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    AddConstraintNotValid,
    RemoveIndexConcurrently,
    ValidateConstraint,
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An operation that old code can't bear."""

    file: str
    operation: str
    """Such as ``RemoveField execution.words``; of SQL and Python its place in the migration."""
    why: str

    def __str__(self) -> str:
        return (
            f"{self.file}: {self.operation}: {self.why}. See docs/operations/upgrade.md; if it is "
            f"safe, say why: # Old code bears {self.operation}: ..."
        )


def findings(migration: Migration, before: ProjectState, text: str) -> list[Finding]:
    """Return what old code can't bear of a migration and its own ``text`` does not explain.

    ``before`` is the state that it begins with.
    """
    explained = {name for name, _ in _BEARS.findall(text)}
    made: set[str] = set()
    state = before.clone()
    found = []
    for number, operation in enumerate(_of_database(migration.operations), 1):
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
        model = str(getattr(operation, "model_name_lower", ""))
        name = _named(operation, number)
        why = "" if model in made else _why(operation, migration.app_label, state)
        if why and name not in explained:
            file = f"{migration.app_label}/migrations/{migration.name}.py"
            found.append(Finding(file=file, operation=name, why=why))
        operation.state_forwards(migration.app_label, state)
    return found


def _of_database(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Return what changes the database, not what only Django is told."""
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _of_database(operation.database_operations)
        else:
            yield operation


def _named(operation: Operation, number: int) -> str:
    kind = type(operation).__name__
    if kind in ("RunSQL", "RunPython"):
        return f"{kind} {number}"
    model = getattr(operation, "model_name", None)
    index = getattr(operation, "index", None) or getattr(operation, "constraint", None)
    name = index.name if index else getattr(operation, "name", None)
    name = name or getattr(operation, "old_name", "")
    return f"{kind} {f'{model}.{name}' if model else name}"


def _why(operation: Operation, app: str, state: ProjectState) -> str:
    """Say why old code can't bear an operation; nothing if it can."""
    if isinstance(operation, (*_HARMLESS, AddIndexConcurrently)):
        return ""
    model = str(getattr(operation, "model_name_lower", ""))
    is_large = (app, model) in LARGE
    match operation:
        case migrations.AddField():
            return _why_not_added(operation.field, is_large=is_large)
        case migrations.AlterField():
            before = state.models[app, model].fields[operation.name]
            return _why_not_altered(state.models[app, model], before, operation.field)
        case migrations.AddIndex() | migrations.RemoveIndex():
            wanted = "AddIndexInUse of opsmanager.common.indexes, or RemoveIndexConcurrently"
            return f"it locks a large table: use {wanted}" if is_large else ""
        case migrations.AddConstraint():
            return "code that still runs may write what it forbids, and checking locks the table"
    return _GONE.get(type(operation).__name__, "this check does not know it")


def _why_not_added(field: "Field[object, object]", *, is_large: bool) -> str:
    if isinstance(field, ManyToManyField):
        return ""
    if not field.null and field.db_default is NOT_PROVIDED:
        return "code that still runs inserts rows without it: let it be null, or have a db_default"
    if is_large and (field.unique or field.db_index):
        return "its index locks a large table: db_index=False, and AddIndexInUse after it"
    return ""


def _why_not_altered(
    model: ModelState, before: "Field[object, object]", after: "Field[object, object]"
) -> str:
    if isinstance(before, ForeignKey) or isinstance(after, ForeignKey):
        same = before.deconstruct()[1:3] == after.deconstruct()[1:3]
        return "" if same else f"a reference of {model.name} changes"
    if before.null and not after.null:
        return "code that still runs may write NULL"
    if before.db_type(connection) != after.db_type(connection):
        return "its type changes: the table may be written anew under a lock"
    if after.unique and not before.unique:
        return "code that still runs may write what it forbids"
    if before.db_default is not NOT_PROVIDED and after.db_default is NOT_PROVIDED:
        return "code that still runs inserts rows without it"
    return ""


def _text_of(migration: Migration) -> str:
    return Path(inspect.getfile(type(migration))).read_text()


def _later(app: str, name: str) -> bool:
    return app not in FIRST_RELEASE or int(name[:4]) > FIRST_RELEASE[app]


def main() -> int:
    """Look at all migrations of ours since the first release; 1 where old code can't bear one."""
    django.setup()
    root = Path(__file__).resolve().parents[2]
    ours = {
        config.label for config in apps.get_app_configs() if Path(config.path).is_relative_to(root)
    }
    loader = MigrationLoader(None)
    found: list[Finding] = []
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if app in ours and ".venv" not in str(apps.get_app_config(app).path) and _later(app, name):
            before = loader.project_state((app, name), at_end=False)
            found += findings(migration, before, _text_of(migration))
    for each in found:
        print(each)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
