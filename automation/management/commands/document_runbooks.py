"""Writes the pages of the runbook library from the runbooks' own declarations."""

import inspect
import json
from argparse import ArgumentParser
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from automation import catalog
from automation.engine.descriptions import ParamDescription, describe
from automation.engine.kinds import Category, Suggests
from automation.engine.runbook import Runbook

_OWN = "automation.runbooks"
_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}
"""Constraints in words; those of a text's form are said by its type."""

_OFFERED = {
    Suggests.UNITS: "units",
    Suggests.FILE_SYSTEMS: "mount points",
    Suggests.PROCESSES: "programs that run",
}


class Command(BaseCommand):
    """Write a page for each runbook of a package, and an index, as Markdown."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the package to document and the folder to write to."""
        parser.add_argument("--package", default=_OWN, help=f"default: {_OWN}")
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.BASE_DIR / "docs" / "runbooks",
            help="default: docs/runbooks",
        )

    def handle(self, *_args: Any, package: str, folder: Path, **_options: Any) -> None:
        """Write the pages that differ, and remove those of runbooks that are gone."""
        wanted = pages(runbooks_of(package))
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.md"):
            if path.name not in wanted:
                path.unlink()
        for name, text in wanted.items():
            (folder / name).write_text(text, encoding="utf-8")
        self.stdout.write(f"{len(wanted)} pages are written to {folder}.")


def runbooks_of(package: str) -> list[type[Runbook]]:
    """Return the runbooks that a package declares, in the order of their ids."""
    inside = f"{package}."
    return [each for each in catalog.runbooks() if f"{each.__module__}.".startswith(inside)]


def pages(runbooks: Iterable[type[Runbook]]) -> dict[str, str]:
    """Return the text of each page by its file's name, the index among them."""
    listed = list(runbooks)
    return {"index.md": _index(listed)} | {_file(runbook): _page(runbook) for runbook in listed}


def _file(runbook: type[Runbook]) -> str:
    return f"{runbook.id.lower().replace('_', '-')}.md"


def _index(runbooks: list[type[Runbook]]) -> str:
    ordered = sorted(runbooks, key=lambda runbook: (runbook.category, runbook.id))
    lines = [
        "# Runbook library",
        "",
        "These pages are written from the runbooks' declarations by `manage.py document_runbooks`.",
    ]
    for category, members in groupby(ordered, key=lambda runbook: runbook.category):
        lines += ["", f"## {Category(category).label}", ""]
        lines += ["| runbook | what it does |", "|---|---|"]
        lines += [f"| [`{each.id}`]({_file(each)}) | {each.summary()} |" for each in members]
    return "\n".join([*lines, ""])


def _page(runbook: type[Runbook]) -> str:
    parts = [
        f"# {runbook.title}",
        runbook.summary(),
        inspect.cleandoc(runbook.description()),
        _facts(runbook),
        "## Parameters",
        _parameters(describe(runbook)),
        "## Steps",
        _steps(runbook),
        "## Verdict",
        _verdict(runbook),
        "## Taking it back",
        _undo(runbook),
        "## From the command line",
        _command_line(runbook),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(runbook: type[Runbook]) -> str:
    cooldown = runbook.default_cooldown_minutes
    rows = {
        "id": f"`{runbook.id}`",
        "category": runbook.category.label,
        "platforms": ", ".join(platform.label for platform in runbook.platforms),
        "changes the server": _yes(runbook.changes),
        "idempotent": _yes(runbook.idempotent),
        "dangerous": _yes(runbook.dangerous),
        "timeout": f"{runbook.default_timeout} s",
        "cooldown": f"{cooldown} min on the same server" if cooldown else "none",
        "usually takes": f"{runbook.estimated_seconds} s",
    }
    if runbook.required_permissions:
        rows["also needs"] = ", ".join(f"`{name}`" for name in runbook.required_permissions)
    head, *lines = (f"| {name} | {value} |" for name, value in rows.items())
    said = "An administrator can configure dangerous, timeout and cooldown."
    return "\n".join([head, "|---|---|", *lines, "", said])


def _parameters(parameters: list[ParamDescription]) -> str:
    if not parameters:
        return "None."
    lines = ["| name | type | default | what it is |", "|---|---|---|---|"]
    for parameter in parameters:
        cells = (f"`{parameter.name}`", _type(parameter), _default(parameter), _told(parameter))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _default(parameter: ParamDescription) -> str:
    if parameter.required:
        return "*required*"
    return "*none*" if parameter.default is None else f"`{json.dumps(parameter.default)}`"


def _type(parameter: ParamDescription) -> str:
    return f"{parameter.type}, {parameter.unit}" if parameter.unit else parameter.type


def _told(parameter: ParamDescription) -> str:
    limits = [
        _LIMITS[name].format(value)
        for name, value in parameter.constraints.items()
        if name in _LIMITS
    ]
    sentences = [parameter.help, ", ".join(limits).capitalize()]
    if parameter.labels:
        *others, last = (f"`{label}`" for label in parameter.labels)
        labels = f"{', '.join(others)} or {last}" if others else last
        sentences.append(f"Filled from the alert's label {labels}")
    if parameter.suggests:
        sentences.append(f"The form offers the server's {_OFFERED[Suggests(parameter.suggests)]}")
    return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence)


def _steps(runbook: type[Runbook]) -> str:
    lines = []
    for number, step in enumerate(runbook.steps, start=1):
        said = inspect.cleandoc(step.__doc__ or "").partition("\n")[0]
        mark = " *Can be taken back.*" if step.undo_name else ""
        lines.append(f"{number}. **{step.title}.** {said}{mark}".rstrip())
    return "\n".join(lines)


def _verdict(runbook: type[Runbook]) -> str:
    if runbook.assess is Runbook.assess:
        return "It assesses nothing, so it gives no verdict."
    said = inspect.cleandoc(runbook.assess.__doc__ or "").partition("\n")[0]
    return f"It assesses the server before its first step and after its last. {said}"


def _undo(runbook: type[Runbook]) -> str:
    if not runbook.changes:
        return "It changes nothing, so there is nothing to take back."
    if runbook.irreversible:
        why = runbook.irreversible
        return f"Nothing can be taken back. {why[0].upper()}{why[1:]}"
    lines = ["Its declaration says how these steps are undone, the latest first:", ""]
    for step in reversed(runbook.steps):
        if step.undo_name:
            undo = getattr(runbook, step.undo_name)
            said = inspect.cleandoc(undo.__doc__ or "").partition("\n")[0]
            lines.append(f"- **{step.title}.** {said}".rstrip())
    return "\n".join(lines)


def _command_line(runbook: type[Runbook]) -> str:
    given = [f"{each.name}=…" for each in describe(runbook) if each.required]
    words = " ".join(["runbook dry-run", runbook.id, "web-1", *given])
    return f'```sh\nmake manage ARGS="{words}"\n```'


def _yes(value: bool) -> str:  # noqa: FBT001 - the value is what is said
    return "yes" if value else "no"
