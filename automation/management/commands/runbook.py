"""Runbooks from the command line: list, show, run, dry-run, watch."""

import sys
import time
from argparse import ArgumentParser
from getpass import getpass
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from automation.engine import params
from automation.engine.descriptions import describe
from automation.engine.results import ActionStatus, Status
from automation.engine.runbook import Runbook
from automation.models import ExecutionLog, Priority
from automation.selectors import executions, runbooks, waiting
from automation.selectors.monitor import sentence
from automation.services.executions import Launch, launch
from opsmanager.accounts.models import User
from opsmanager.common.problems import Problem
from opsmanager.common.uuids import as_uuid
from servers.models import Server

_POLL_SECONDS: Final = 0.3
_EXIT_CODES: Final = {
    Status.SUCCESS: 0,
    Status.FAILED: 1,
    Status.ROLLED_BACK: 1,
    Status.CANCELLED: 3,
    Status.TIMEOUT: 4,
    Status.UNKNOWN: 5,
}


class Command(BaseCommand):
    """The exit code says how it ended.

    0 succeeded, 1 failed, 2 refused, 3 cancelled, 4 out of time, 5 unknown.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a verb and what it needs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="the library")
        show = verbs.add_parser("show", help="one runbook with its parameters")
        show.add_argument("runbook")
        for verb, text in (("run", "run a runbook"), ("dry-run", "run it, changing nothing")):
            run = verbs.add_parser(verb, help=text)
            run.add_argument("runbook", help="such as SERVICE_RESTART")
            run.add_argument("server", help="the server's name")
            run.add_argument("parameters", nargs="*", metavar="name=value", help="a secret: name=-")
            run.add_argument("--user", default="admin", help="who runs it (default: admin)")
            run.add_argument("--reason", default="", help="why; kept in the audit trail")
            run.add_argument("--priority", choices=[p.name for p in Priority], default="NORMAL")
            run.add_argument("--confirm", action="store_true", help="yes, dangerous or production")
            run.add_argument("--force", action="store_true", help="pass over the cooldown")
        watch = verbs.add_parser("watch", help="follow an execution")
        watch.add_argument("execution", help="its id")
        watch.add_argument("--user", default="admin")

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        """Do what the verb says; a refusal is a sentence and the exit code 2."""
        try:
            match verb:
                case "list":
                    self._list()
                case "show":
                    self._show(options["runbook"])
                case "watch":
                    self._watch(_user(options["user"]), options["execution"])
                case _:
                    self._run(dry=verb == "dry-run", **options)
        except Problem as problem:
            raise CommandError(_told(problem), returncode=2) from problem

    def _list(self) -> None:
        for entry in runbooks.all_deployed():
            state = "" if entry.is_active else " (switched off)"
            self.stdout.write(f"{entry.runbook_id:<24} {entry.title}{state}")

    def _show(self, runbook_id: str) -> None:
        entry = next((e for e in runbooks.all_deployed() if e.runbook_id == runbook_id), None)
        if entry is None:
            raise CommandError(f"There is no runbook {runbook_id}.", returncode=2)
        kind = runbooks.code_of(entry)
        self.stdout.write(f"{entry.runbook_id}: {entry.title}\n{entry.summary}\n")
        self.stdout.write(f"{kind.description()}\n\nParameters:")
        for parameter in describe(kind):
            given = "required" if parameter.required else f"default {parameter.default!r}"
            self.stdout.write(f"  {parameter.name} ({parameter.type}, {given}): {parameter.help}")
        self.stdout.write("\nSteps:")
        for number, step in enumerate(kind.steps, start=1):
            self.stdout.write(f"  {number}. {step.title}")

    def _run(self, *, dry: bool, **options: Any) -> None:
        user = _user(options["user"])
        server = Server.objects.filter(name=options["server"]).first()
        if server is None:
            raise CommandError(f"There is no server {options['server']}.", returncode=2)
        entry = runbooks.get(user, options["runbook"])
        execution = launch(
            Launch(
                actor=user,
                runbook=entry,
                server=server,
                parameters=_parameters(runbooks.code_of(entry), options["parameters"]),
                is_dry_run=dry or settings.AUTOMATION_DRY_RUN_DEFAULT,
                priority=Priority[options["priority"]],
                is_confirmed=options["confirm"],
                is_forced=options["force"],
                reason=options["reason"],
            )
        )
        self._watch(user, str(execution.pk))

    def _watch(self, user: User, key: str) -> None:
        uuid = as_uuid(key)
        if uuid is None:
            raise CommandError(f"{key} is no id of an execution.", returncode=2)
        execution = executions.get(user, uuid)
        self.stdout.write(f"{execution.pk}  {sentence(execution)}")
        after, step, told = 0, 0, ""
        while True:
            execution = executions.get(user, uuid)
            for row in executions.logs(execution, after=after):
                if row.status == ActionStatus.RUNNING and not execution.is_final:
                    break
                step = self._print(row, step)
                after = row.seq
            if execution.is_final:
                break
            reason = waiting.waiting_for(execution)
            if reason and reason != told:
                self.stdout.write(reason)
                told = reason
            time.sleep(_POLL_SECONDS)
        self.stdout.write(f"\n{sentence(execution)}")
        for text in (execution.result_summary, execution.error_message):
            if text:
                self.stdout.write(text)
        code = _EXIT_CODES[Status(execution.status)]
        if code:
            said = f"{execution.status} {execution.error_code}".strip()
            raise CommandError(said, returncode=code)

    def _print(self, row: ExecutionLog, step: int) -> int:
        if row.step_number != step:
            self.stdout.write(f"\n== {row.step_name}")
        mark = {ActionStatus.PLANNED: "(not sent) ", ActionStatus.SUCCESS: ""}.get(
            ActionStatus(row.status), f"({row.status}) "
        )
        self.stdout.write(f"$ {mark}{row.command}")
        for text in (row.stdout, row.stderr, row.error_message):
            if text:
                self.stdout.write(text.rstrip("\n"))
        return row.step_number


def _user(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name}. Name one with --user.", returncode=2)
    return user


def _parameters(runbook: type[Runbook], pairs: list[str]) -> dict[str, Any]:
    """Return name=value pairs as parameters; a list is one name given any number of times."""
    lists = {
        name
        for parameter in describe(runbook)
        if parameter.json_schema.get("type") == "array"
        for name in (parameter.name, parameter.python_name)
    }
    secret = {word for pair in params.secret_names(runbook).items() for word in pair}
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(f"{pair} must look like name=value.", returncode=2)
        if name in secret:
            value = _secret(name, value)
        if name in lists:
            values[name] = [*values.get(name, []), value]
        elif name in values:
            raise CommandError(f"{name} is given twice, and takes one value.", returncode=2)
        else:
            values[name] = value
    return values


def _secret(name: str, value: str) -> str:
    """Ask for a secret: on the command line everybody on the machine could read it."""
    if value != "-":
        raise CommandError(
            f"{name} is secret, and a command line can be read by others. Write {name}=- and it is "
            "asked for, or read as a line of standard input.",
            returncode=2,
        )
    return getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _told(problem: Problem) -> str:
    lines = [problem.message]
    for name, sentences in problem.details.items():
        if isinstance(sentences, list):
            lines += [f"  {name}: {sentence}" for sentence in sentences]
    return "\n".join(lines)
