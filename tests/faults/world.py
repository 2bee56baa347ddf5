"""The whole of OpsManager with services and servers of its own, each of which may be killed."""

import asyncio
import os
import signal
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redis import Redis as Broker

from opsmanager.embedded import port as ports
from opsmanager.embedded import postgres_home
from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.plan import Plan
from opsmanager.embedded.postgres import Postgres, Urls
from opsmanager.embedded.process import Program
from opsmanager.embedded.redis import Redis, answers
from opsmanager.embedded.secrets import ADMIN_PASSWORD, OWNER_URL, Secrets
from opsmanager.embedded.supervisor import Supervisor
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.watchdog import Watchdog
from tests.faults.fleet import Fleet
from tests.faults.relay import Relay
from tests.faults.service import Service
from tests.stack.client import Api
from tests.stack.running import Running
from tests.stack.stack import (
    FOREIGN,
    PASSWORD,
    PROJECT,
    UNTHROTTLED,
    Stack,
    to_its_end,
)

ORGANISATION = Path(__file__).with_name("organisation")
WORKERS = ("worker", "worker-high")
HTTP_PATIENCE = 30.0
"""Seconds that a client waits for an answer before it asks again."""
PLAIN_EVERY = 4
"""Of the servers, each of that number keeps no records: nobody can ask it how something ended."""
_CALM = 20
"""Answers in a row: the web is of several processes, each with connections of its own."""
_ELSEWHERE = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


@dataclass(frozen=True, kw_only=True)
class World:
    """All that runs, and what can be done to it."""

    stack: Stack
    postgres: Service
    redis: Service
    fleet: Fleet
    front: Relay
    """What clients talk to, as a reverse proxy: it leads to the web that serves now."""
    servers: list[dict[str, Any]]
    database_url: str
    redis_url: str

    def client(self) -> Api:
        """Return another client, which comes through the front."""
        return Api(
            f"http://{self.front.host}:{self.front.port}",
            username="admin",
            password=PASSWORD,
            patience=HTTP_PATIENCE,
        )

    def kill(self, name: str) -> None:
        """Kill one of OpsManager's programs with all its processes."""
        self.stack.processes[name].kill()

    def start_again(self, name: str) -> None:
        """Start a program that was killed."""
        self.stack.start(self.stack.processes[name].program)

    def replace_worker(self, name: str) -> None:
        """Deploy a worker: start the new one, and ask the old one to finish and leave."""
        old = self.stack.processes[name]
        self.stack.start(old.program)
        old.stop()

    def replace_web(self) -> None:
        """Deploy the web: start the new one beside it, lead there, ask the old one to leave."""
        old = self.stack.processes["web"]
        port = ports.free()
        plan = replace(self.stack.plan, port=port)
        web = next(each for each in plan.application() if each.name == "web")
        self.stack.start(web)
        self.await_web(port)
        self.front.upstream = (ports.LOOPBACK, port)
        old.stop()

    def await_web(self, port: int | None = None) -> None:
        """Wait until the web on that port answers, by default the one that serves."""
        address = f"http://{ports.LOOPBACK}:{port or self.front.upstream[1]}"
        self.stack.wait_until_ready("healthz", address=address)

    def await_calm(self) -> None:
        """Wait until nothing of earlier faults is felt: every process of the web has to answer."""
        address = f"http://{self.front.host}:{self.front.port}"
        for _ in range(_CALM):
            self.stack.wait_until_ready(address=address)

    def broker(self) -> Broker:
        """Return a connection to Redis, to be closed by the caller."""
        return Broker.from_url(self.redis_url, socket_timeout=5)


@contextmanager
def world(
    folder: Path, *, servers: int = 16, concurrency: int = 16, without: Collection[str] = ()
) -> Iterator[World]:
    """Start everything in ``folder``, which is empty; nothing runs or is left elsewhere at the end.

    ``concurrency`` is of each of the two workers; ``without`` names programs that are left out.
    """
    data = DataDir(path=folder / "data")
    data.create()
    environ = _environ(concurrency)
    secrets = Secrets(folder=data.secrets, environ=environ)
    secrets.create()
    with ExitStack() as ending:
        watchdog = Watchdog()
        ending.callback(watchdog.dismiss)
        ending.callback(postgres_home.discard, data.path)
        postgres, urls = _postgres(data, secrets, watchdog)
        ending.callback(postgres.stop, signal.SIGINT)
        broker, redis_url = _redis(data, secrets, watchdog)
        ending.callback(broker.kill)
        fleet = Fleet(folder / "fleet", count=servers)
        ending.callback(fleet.stop)
        fleet.start()
        plan = Plan(
            project=PROJECT,
            data=data,
            secrets=secrets,
            environ=environ,
            services={"DATABASE_URL": urls.role, OWNER_URL: urls.owner, "REDIS_URL": redis_url},
            host=ports.LOOPBACK,
            port=ports.free(),
        )
        to_its_end(plan.migrate())
        stack = Stack(plan, watchdog=watchdog)
        stack.prepare()
        ending.callback(stack.stop)
        front = Relay((plan.host, plan.port))
        ending.callback(front.close)
        for program in plan.application():
            if program.name not in without:
                stack.start(_for_faults(program))
        stack.wait_until_ready()
        yield World(
            stack=stack,
            postgres=postgres,
            redis=broker,
            fleet=fleet,
            front=front,
            servers=[
                _known(stack, fleet, relay, is_plain=number % PLAIN_EVERY == 0)
                for number, relay in enumerate(fleet.relays, start=1)
            ],
            database_url=urls.role,
            redis_url=redis_url,
        )


def _environ(concurrency: int) -> dict[str, str]:
    foreign = {*FOREIGN, *_ELSEWHERE, *(f"{name}_FILE" for name in _ELSEWHERE)}
    environ = {name: value for name, value in os.environ.items() if name not in foreign}
    return (
        environ
        | UNTHROTTLED
        | {
            ADMIN_PASSWORD: PASSWORD,
            "AUTOMATION_WORKER_CONCURRENCY": str(concurrency),
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(ORGANISATION), environ.get("PYTHONPATH")))
            ),
        }
    )


def _postgres(data: DataDir, secrets: Secrets, watchdog: Watchdog) -> tuple[Service, Urls]:
    """Start a PostgreSQL that keeps what it has committed, whatever kills it."""
    postgres = Postgres(
        home=postgres_home.locate(data.path),
        superuser_password=secrets.password("POSTGRES_SUPERUSER_PASSWORD"),
        role_password=secrets.password("POSTGRES_PASSWORD"),
        owner_password=secrets.password("POSTGRES_OWNER_PASSWORD"),
    )

    async def prepare() -> None:
        with Path(os.devnull).open("w") as nowhere:
            await postgres.prepare(Supervisor(terminal=Terminal(nowhere), watchdog=watchdog))

    asyncio.run(prepare())
    port = ports.free()
    service = Service(
        postgres.program(port),
        log=data.path / "postgres.log",
        watchdog=watchdog,
        is_up=lambda: postgres.open(port),
    )
    service.start()
    return service, postgres.urls(port)


def _redis(data: DataDir, secrets: Secrets, watchdog: Watchdog) -> tuple[Service, str]:
    redis = Redis(folder=data.path / "redis", password=secrets.password("REDIS_PASSWORD"))
    port = ports.free()
    url = redis.url(port)
    service = Service(
        redis.program(port),
        log=data.path / "redis.log",
        watchdog=watchdog,
        is_up=lambda: answers(url),
    )
    service.start()
    return service, url


def _for_faults(program: Program) -> Program:
    """Let the second worker, too, serve every queue: each can take over what the other left."""
    command = program.command
    if program.name == "worker-high":
        queues = command.index("-Q") + 1
        every = "schedules,automation.high,automation.normal,automation.low,servers,incidents"
        command = (*command[:queues], every, *command[queues + 1 :])
    return replace(program, command=command)


def _known(stack: Stack, fleet: Fleet, relay: Relay, *, is_plain: bool) -> dict[str, Any]:
    target = fleet.sshd.target()
    server = stack.server(
        relay.host.replace(".", "-"),
        hostname=relay.host,
        port=relay.port,
        username=target.username,
        private_key=fleet.sshd.private_key,
    )
    if is_plain:
        answer = stack.api().patch(f"servers/{server['id']}", {"keepsRecords": False})
        server = answer.expect(200)["server"]
    return server


def words_of(processes: dict[str, Running]) -> str:
    """Return the last words of all programs, for a failure."""
    return "\n".join(f"{name}:\n{each.last_words()}" for name, each in processes.items())
