"""OpsManager as its users have it: web, worker and beat as processes, on a database of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from opsmanager.embedded import port as ports
from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.plan import Plan
from opsmanager.embedded.process import Program
from opsmanager.embedded.secrets import (
    ADMIN_PASSWORD,
    JWT_KEY,
    JWT_PREVIOUS_KEYS,
    PRIVATE_KEYS,
    PUBLIC_KEY,
    Secrets,
)
from opsmanager.embedded.watchdog import Watchdog
from tests.stack.client import Api
from tests.stack.ready import START_PATIENCE, wait_until_ready
from tests.stack.running import Running
from tests.stack.servers import accept_host_key, add_server
from tests.stack.services import free_redis, migrated_database
from tests.support.unique import unique

PROJECT = Path(__file__).parents[2]
ORGANISATION = Path(__file__).with_name("organisation")
"""Where an organisation's own runbooks lie as pip would have installed them."""
PASSWORD = "correct horse battery"
UNTHROTTLED = {"OPSMANAGER_API_READS_PER_MINUTE": "0", "OPSMANAGER_API_WRITES_PER_MINUTE": "0"}
# The operator's own keys are no business of a test.
FOREIGN = {
    f"{name}{end}"
    for name in (JWT_KEY, JWT_PREVIOUS_KEYS, PUBLIC_KEY, PRIVATE_KEYS)
    for end in ("", "_FILE")
}

_PRELUDE = "import json, sys, django\ndjango.setup()\ngiven = json.load(sys.stdin)\n"
_MAKE_USER = """
from django.contrib.auth.models import Group
from opsmanager.accounts.models import User
user = User.objects.create_user(given["name"], password=given["password"])
user.groups.add(Group.objects.get(name=given["role"]))
"""
_GRANT = """
from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from servers.models import Server
user, server = User.objects.get(username=given["user"]), Server.objects.get(pk=given["server"])
permissions.grant(user, "servers.operate_server", server)
"""


class Stack:
    """The running processes, and what tests do with them."""

    def __init__(self, plan: Plan, *, watchdog: Watchdog) -> None:
        self.plan = plan
        self.address = plan.address
        self.folder = plan.data.path
        self.logs = self.folder
        """Where programs that are started from now on write."""
        self.processes: dict[str, Running] = {}
        self._watchdog = watchdog
        self._clients: dict[str, Api] = {}

    def start(self, program: Program) -> Running:
        """Start a program that stays; its output is shown when a test fails."""
        log = self.logs / f"{program.name}.log"
        running = Running(program, log=log, watchdog=self._watchdog)
        self.processes[program.name] = running
        return running

    def stop(self) -> None:
        """Stop all processes, the last started first."""
        running = list(reversed(self.processes.values()))
        for process in running:
            process.ask_to_stop()
        for process in running:
            process.stop()

    def output(self) -> str:
        """Return all that the processes wrote."""
        return "".join(process.output() for process in self.processes.values())

    def api(self, username: str = "admin") -> Api:
        """Return the API as that user sees it."""
        if username not in self._clients:
            self._clients[username] = Api(self.address, username=username, password=PASSWORD)
        return self._clients[username]

    def user(self, role: str) -> str:
        """Make a user with that role and return the name; the password is `PASSWORD`."""
        name = unique(role.lower())
        self.python(_MAKE_USER, name=name, role=role, password=PASSWORD)
        return name

    def grant(self, user: str, server: dict[str, Any]) -> None:
        """Let the user operate that server."""
        self.python(_GRANT, user=user, server=server["id"])

    def server(self, name: str, **fields: Any) -> dict[str, Any]:
        """Add a server over the API; ``fields`` are those of :func:`add_server`."""
        return add_server(self.api(), name, **fields)

    def accept_host_key(self, server: dict[str, Any]) -> None:
        """Look at the key that the server offers, and accept it."""
        accept_host_key(self.api(), server)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` with these words, as an operator would in a terminal."""
        return self._run("manage.py", *words)

    def python(self, code: str, **given: Any) -> str:
        """Run `code` beside the running stack, with Django ready and `given` as a dictionary."""
        ended = self._run("-c", _PRELUDE + code, text=json.dumps(given))
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def prepare(self) -> None:
        """Lay out the static files, make the user `admin`."""
        for program in (self.plan.collect_static(), self.plan.ensure_admin()):
            to_its_end(program)

    def wait_until_ready(self, path: str = "readyz", *, address: str = "") -> None:
        """Wait until `/readyz` says that every part is there; ``address`` is of another web."""
        wait_until_ready(f"{address or self.address}/{path}", words=self.output, ended=self._ended)

    def _ended(self) -> list[str]:
        return [name for name, process in self.processes.items() if process.has_ended]

    def _run(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            env=dict(self.plan.migrate().environment),
            cwd=PROJECT,
            input=text,
            check=False,
            capture_output=True,
            text=True,
            timeout=START_PATIENCE,
        )


def to_its_end(program: Program) -> None:
    """Run a program that ends; fail with what it said when it does not end well."""
    ended = subprocess.run(
        program.command,
        env=dict(program.environment),
        cwd=program.folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=START_PATIENCE,
    )
    assert ended.returncode == 0, f"{program.name}: {ended.stdout}{ended.stderr}"


@contextmanager
def running(
    folder: Path,
    *,
    concurrency: int = 8,
    port: int = 0,
    organisation: Path | None = ORGANISATION,
    **settings: str,
) -> Iterator[Stack]:
    """Start everything on the PostgreSQL and Redis of DATABASE_URL and REDIS_URL.

    `folder` is empty and holds keys and output. Nothing is left at the end but this folder.
    `port` is the one of web, where somebody must know it before. Runbooks that are installed in the
    folder `organisation` are found. `settings` are variables; unless they say otherwise, tests may
    ask as much as they like.
    """
    with _prepared(folder, concurrency, settings, port, organisation) as stack:
        for program in stack.plan.application():
            # `worker` serves every queue; a second one only frees it from waiting.
            if program.name != "worker-high":
                stack.start(program)
        stack.wait_until_ready()
        yield stack


@contextmanager
def without_workers(folder: Path) -> Iterator[Stack]:
    """Start the web alone, as :func:`running` does all: nothing else changes the database then."""
    with _prepared(folder, 1, {}) as stack:
        stack.start(next(each for each in stack.plan.application() if each.name == "web"))
        stack.wait_until_ready("healthz")
        yield stack


@contextmanager
def _prepared(
    folder: Path,
    concurrency: int,
    settings: dict[str, str],
    port: int = 0,
    organisation: Path | None = ORGANISATION,
) -> Iterator[Stack]:
    """Make the database, keys and static files; nothing runs yet."""
    environ = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environ |= UNTHROTTLED | settings
    beside = [str(organisation)] if organisation else []
    environ |= {
        ADMIN_PASSWORD: PASSWORD,
        "AUTOMATION_WORKER_CONCURRENCY": str(concurrency),
        # What tests have people read listens on this machine.
        "OPSMANAGER_NOTIFY_ALLOWED_NETWORKS": "127.0.0.0/8",
        "PYTHONPATH": os.pathsep.join([*beside, *filter(None, [environ.get("PYTHONPATH")])]),
    }
    data = DataDir(path=folder)
    secrets = Secrets(folder=data.secrets, environ=environ)
    secrets.create()
    with ExitStack() as ending:
        redis_url = ending.enter_context(free_redis(os.environ["REDIS_URL"]))
        first = Plan(
            project=PROJECT,
            data=data,
            secrets=secrets,
            environ=environ,
            services={"REDIS_URL": redis_url},
            host="127.0.0.1",
            port=port or ports.free(),
        )

        def on(database: str) -> Plan:
            return replace(first, services={**first.services, "DATABASE_URL": database})

        database = migrated_database(
            os.environ["DATABASE_URL"], lambda url: to_its_end(on(url).migrate())
        )
        plan = on(ending.enter_context(database))
        watchdog = Watchdog()
        ending.callback(watchdog.dismiss)
        stack = Stack(plan, watchdog=watchdog)
        stack.prepare()
        ending.callback(stack.stop)
        yield stack
