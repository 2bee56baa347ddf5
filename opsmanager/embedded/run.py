"""`make run`: everything from an empty folder to a page with a login."""

import asyncio
import contextlib
import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opsmanager.embedded import environment
from opsmanager.embedded import port as ports
from opsmanager.embedded.data_dir import DataDir, Lock
from opsmanager.embedded.interruption import Interruption
from opsmanager.embedded.plan import Plan
from opsmanager.embedded.secrets import Secrets
from opsmanager.embedded.services import Services
from opsmanager.embedded.supervisor import Supervisor
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.watchdog import Watchdog

WEB_PATIENCE = 90.0
DEMO_PATIENCE = 90.0


def run(environ: Mapping[str, str], *, project: Path, terminal: Terminal) -> None:
    """Start OpsManager and stay until somebody stops it.

    Raises EmbeddedError, with everything stopped again, when it cannot start.
    """
    start = Start(
        environ=environ,
        project=project,
        terminal=terminal,
        data=DataDir.from_environment(environ, project=project),
        host=environ.get("HOST") or ports.LOOPBACK,
        port=ports.parse(environ.get("PORT") or "8000"),
    )
    start.data.create()
    lock = start.data.lock(ports.web_address(start.host, start.port))
    ports.ensure_free(start.host, start.port)
    asyncio.run(start.until_stopped(lock))


@dataclass(frozen=True, kw_only=True)
class Start:
    """One start of everything, in the environment `environ`, in `data`, answering on host:port."""

    environ: Mapping[str, str]
    project: Path
    terminal: Terminal
    data: DataDir
    host: str
    port: int
    began: float = field(default_factory=time.monotonic)

    async def until_stopped(self, lock: Lock) -> None:
        """Start everything, stay until a signal comes, stop everything."""
        interruption = Interruption()
        watchdog = Watchdog(keep=(lock.descriptor,))
        supervisor = Supervisor(terminal=self.terminal, watchdog=watchdog)
        try:
            await interruption.limit(self._begin(supervisor))
            await interruption.wait()
        finally:
            self.terminal.say("stopping")
            environment.forget(self.data)
            await supervisor.stop()
            watchdog.dismiss()
            self.terminal.say("stopped")

    async def _begin(self, supervisor: Supervisor) -> None:
        secrets = Secrets(folder=self.data.secrets, environ=self.environ)
        secrets.create()
        services = Services(
            data=self.data,
            secrets=secrets,
            environ=self.environ,
            supervisor=supervisor,
            terminal=self.terminal,
        )
        plan = Plan(
            project=self.project,
            data=self.data,
            secrets=secrets,
            environ=self.environ,
            services=await services.start(),
            host=self.host,
            port=self.port,
        )
        if plan.has_demo:
            self.terminal.say("starting the demo servers")
            plan.servers_file.unlink(missing_ok=True)
            await supervisor.keep(plan.demo())
        login = await self._prepare(plan, supervisor)
        self.terminal.say("starting web, workers and beat")
        await supervisor.keep(*plan.application())
        if plan.has_demo:
            await self._seed(plan, supervisor)
        await supervisor.until_ready(
            "web", lambda: asyncio.to_thread(_answers, self.host, self.port), patience=WEB_PATIENCE
        )
        environment.remember(self.data, plan.common_environment() | secrets.for_web())
        self.terminal.block(self._banner(plan, login=login, has_demo=plan.has_demo))

    async def _prepare(self, plan: Plan, supervisor: Supervisor) -> str:
        """Tables, static files and the first user; return what is to be said of the login."""
        self.terminal.say("preparing the database and the pages (the first time takes a while)")

        async def fill_database() -> str:
            await supervisor.run(plan.migrate())
            return "\n".join((await supervisor.run(plan.ensure_admin()))[-1:])

        try:
            async with asyncio.TaskGroup() as group:
                login = group.create_task(fill_database())
                group.create_task(supervisor.run(plan.collect_static()))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return login.result()

    async def _seed(self, plan: Plan, supervisor: Supervisor) -> None:
        async def servers_listen() -> bool:
            return plan.servers_file.exists()

        await supervisor.until_ready("demo", servers_listen, patience=DEMO_PATIENCE)
        await supervisor.run(plan.seed_demo())

    def _banner(self, plan: Plan, *, login: str, has_demo: bool) -> str:
        next_step = (
            "Open it, log in, and look at the incident on the demo server."
            if has_demo
            else "Open it, log in, and add your first server."
        )
        seconds = time.monotonic() - self.began
        lines = (
            f"OpsManager is ready, {seconds:.0f} s after its start.",
            "",
            f"  {plan.address}",
            f"  {login}",
            "",
            next_step,
            'Command line, in another terminal: make manage ARGS="runbook list"',
            "Ctrl-C stops everything; the next `make run` goes on with the data in",
            f"  {self.data.path}",
        )
        rule = "-" * 78
        return "\n".join(("", rule, *lines, rule, ""))


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(ports.reachable_host(host), port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
