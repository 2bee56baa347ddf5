"""Workflows from the command line: list, show, check, import, export, run, watch, cancel, retry."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from automation.management import workflow_runs
from automation.models import Workflow
from automation.selectors import workflow_files
from automation.selectors import workflows as selectors
from automation.services import workflow_texts, workflows
from automation.workflows import Definition, Finding, Form
from automation.workflows.reading import LONGEST
from automation.workflows.words import sentence_of, summary_of
from opsmanager.accounts.models import User
from opsmanager.common.problems import Problem
from opsmanager.common.terminal_text import visible

_FINDINGS: Final = 1
_REFUSED: Final = 2


class Command(BaseCommand):
    """The exit code says how it ended.

    0 done, 1 something is wrong with a file or the workflow failed, 2 refused, 3 cancelled.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a verb and what it needs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="all workflows")
        show = verbs.add_parser("show", help="what one does")
        show.add_argument("name")
        show.add_argument("--json", action="store_true", help="its definition, in JSON")
        check = verbs.add_parser("check", help="what is wrong with a file, by place")
        check.add_argument("file", help="in YAML or JSON; - is standard input")
        _add_user(check, "whose servers, groups and templates count")
        take = verbs.add_parser(
            "import", help="make a workflow of a file, or change the one it names"
        )
        take.add_argument("file", help="in YAML or JSON; - is standard input")
        _add_user(take, "who saves it")
        export = verbs.add_parser("export", help="one as a file, in YAML")
        export.add_argument("name")
        export.add_argument("--json", action="store_true", help="in JSON")
        workflow_runs.add_verbs(verbs)

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        """Do what the verb says; a refusal is a sentence and the exit code 2."""
        try:
            match verb:
                case "list":
                    self._list()
                case "show":
                    self._show(_named(options["name"]), as_json=options["json"])
                case "check":
                    self._check(_user(options["user"]), options["file"])
                case "import":
                    self._import(_user(options["user"]), options["file"])
                case "run" | "watch" | "cancel" | "retry":
                    self._runs(_user(options.pop("user")), verb, options)
                case _:
                    form = Form.JSON if options["json"] else Form.YAML
                    self._write(workflow_files.exported(_named(options["name"]), form).text)
        except Problem as problem:
            raise CommandError(visible(_told(problem)), returncode=_REFUSED) from problem

    def _list(self) -> None:
        for row in Workflow.objects.order_by("name"):
            count = len(row.definition["nodes"])
            off = "" if row.is_active else " (switched off)"
            nodes = f"{count} node{'' if count == 1 else 's'}"
            self._say(f"{row.name}: {nodes}, version {row.version}{off}")

    def _show(self, row: Workflow, *, as_json: bool) -> None:
        definition = workflows.definition_of(row)
        if as_json:
            self._write(workflow_files.exported(row, Form.JSON).text)
            return
        off = "" if row.is_active else ", switched off"
        self._say(f"{row.name}: version {row.version}{off}")
        if row.description:
            self._say(row.description)
        self._say("\nInputs:")
        for wanted in definition.inputs:
            given = "required" if wanted.required else f"default {wanted.default!r}"
            self._say(f"  {wanted.name} ({wanted.type}, {given}): {wanted.help}".rstrip(": "))
        self._say("\nNodes:")
        for key, node in definition.nodes.items():
            follows = "; ".join(sentence_of(edge) for edge in definition.edges if edge.to == key)
            self._say(f"  {key}: {summary_of(node)}")
            if follows:
                self._say(f"    {follows}")

    def _check(self, user: User, name: str) -> None:
        definition, findings = _read(user, name)
        if definition is None or findings:
            raise CommandError(visible("\n".join(map(str, findings))), returncode=_FINDINGS)
        self._say(f"{definition.name}: nothing is wrong with it.")

    def _import(self, user: User, name: str) -> None:
        definition, findings = _read(user, name)
        if definition is None:
            raise workflow_texts.refusal(findings)
        row = selectors.named(" ".join(definition.name.split()))
        before = row.version if row else 0
        saved = workflows.save(actor=user, definition=definition, workflow=row)
        if saved.version == before:
            self._say(f"{saved.name} is as it was, version {before}.")
        else:
            self._say(f"{saved.name} is saved, version {saved.version}.")

    def _runs(self, user: User, verb: str, options: dict[str, Any]) -> None:
        match verb:
            case "run":
                workflow = _named(options.pop("name"))
                workflow_runs.run(user, workflow, self._say, **options)
            case "watch":
                workflow_runs.watch(user, options["run"], self._say)
            case "cancel":
                workflow_runs.cancel(user, options["run"], self._say)
            case _:
                workflow_runs.retry(user, options.pop("run"), self._say, **options)

    def _say(self, text: str) -> None:
        """Write it so that nothing that somebody wrote can drive this terminal."""
        self.stdout.write(visible(text))

    def _write(self, text: str) -> None:
        """Write a file as it is, but for what could drive a terminal, which JSON can spell."""
        is_plain = all(line.isprintable() for line in text.split("\n"))
        if not is_plain and text.startswith("{"):
            text = f"{json.dumps(json.loads(text), indent=2)}\n"
        self.stdout.write(text, ending="")


def _add_user(parser: ArgumentParser, what: str) -> None:
    parser.add_argument("--as", dest="user", default="admin", help=f"{what} (default: admin)")


def _user(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name}. Name one with --as.", returncode=_REFUSED)
    return user


def _named(name: str) -> Workflow:
    row = selectors.named(name)
    if row is None:
        raise CommandError(f"There is no workflow {name}.", returncode=_REFUSED)
    return row


def _read(user: User, name: str) -> tuple[Definition | None, list[Finding]]:
    """Return the workflow in a file and what is wrong with it."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = raw[: 4 * LONGEST + 1].decode("utf-8-sig")
    except OSError as problem:
        said = f"{name} can't be read: {problem.strerror}."
        raise CommandError(said, returncode=_REFUSED) from problem
    except UnicodeDecodeError as problem:
        said = f"{name} is no text. Name a file in YAML or JSON."
        raise CommandError(said, returncode=_REFUSED) from problem
    return workflow_texts.judged(user, text)


def _told(problem: Problem) -> str:
    lines = [problem.message]
    for place, sentences in problem.details.items():
        if isinstance(sentences, list):
            lines += [f"  {place}: {sentence}" for sentence in sentences]
    return "\n".join(lines)
