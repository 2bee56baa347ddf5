"""Which processes make up OpsManager, each with its command and exactly the secrets it needs."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opsmanager.embedded import port as ports
from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.process import Program
from opsmanager.embedded.secrets import ADMIN_PASSWORD, OWNER_URL, Secrets, without_secrets

NO = ("0", "no", "off", "false")
WEB_WORKERS = 2
# Of each web worker: beyond twice the cores they only wait for one another.
WEB_THREADS = 2 * (os.cpu_count() or 1) + 1
# OPSMANAGER_LIVE_PLACES' default in the settings: streams, which hold a thread each.
LIVE_PLACES = "16"
# AUTOMATION_WORKER_CONCURRENCY's default in the settings, and what is kept free for HIGH.
CONCURRENCY = "32"
HIGH_CONCURRENCY = "8"
# Schedules first: each is a moment's work, and what it starts goes to the other queues.
WORKER_QUEUES = (
    "schedules,automation.high,automation.normal,automation.low,servers,incidents,maintenance"
)
HIGH_QUEUES = "schedules,automation.high,incidents"
# A process of their own: a channel that hangs delays no execution.
NOTIFICATION_CONCURRENCY = "4"
NOTIFICATION_QUEUES = "notifications"
# Celery's advice to root is about pickled messages; ours are one id in JSON.
QUIET_AS_ROOT = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
# Else glibc gives each thread memory of its own, which grows with the most that any of them needed
# at once and is never given back.
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
# All that demo servers see of the operator's environment.
DEMO_VARIABLES = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The processes of one start.

    `services` holds DATABASE_URL and the like as `Services.start` returned them; `environ` is the
    environment OpsManager was started with.
    """

    project: Path
    data: DataDir
    secrets: Secrets
    environ: Mapping[str, str]
    services: Mapping[str, str] = field(repr=False)
    host: str
    port: int

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the web."""
        return ports.web_address(self.host, self.port)

    @property
    def has_demo(self) -> bool:
        """Whether demo servers are wanted."""
        return self.environ.get("DEMO", "").lower() not in NO

    def common_environment(self) -> dict[str, str]:
        """What every process of the application gets, without any secret of its own."""
        defaults = {
            "OPSMANAGER_PUBLIC_URL": self.address,
            "LOG_FORMAT": "text",
            **FEW_ARENAS,
        }
        if self.has_demo:
            # Demo servers listen on this machine.
            defaults["OPSMANAGER_SERVER_ALLOWED_NETWORKS"] = "127.0.0.0/8,::1"
        fixed = {
            **without_secrets(self.services),
            "OPSMANAGER_DATA_DIR": str(self.data.path),
            "OPSMANAGER_STATIC_ROOT": str(self.data.path / "static"),
            "DJANGO_SETTINGS_MODULE": "opsmanager.settings",
            "PYTHONUNBUFFERED": "1",
        }
        hidden = {f"{name}_FILE" for name in self.services}
        inherited = {
            name: value
            for name, value in without_secrets(self.environ).items()
            if name not in hidden
        }
        return defaults | inherited | fixed

    def migrate(self) -> Program:
        """Bring the database's tables up to date, as their owner: nobody else is given its URL."""
        owner = {name: url for name, url in self.services.items() if name == OWNER_URL}
        return self._django("migrate", "migrate", "--noinput", "--verbosity=0", secrets=owner)

    def collect_static(self) -> Program:
        """Lay the static files out for whitenoise."""
        return self._django("collectstatic", "collectstatic", "--noinput", "--verbosity=0")

    def ensure_admin(self) -> Program:
        """Create the user `admin`; it prints the password when it had to make one up."""
        given = {
            name: self.environ[name]
            for name in (ADMIN_PASSWORD, f"{ADMIN_PASSWORD}_FILE")
            if name in self.environ
        }
        return self._django("ensure_admin", "ensure_admin", secrets=given, quiet=True)

    def seed_demo(self) -> Program:
        """Enter the demo servers and their incident."""
        return self._django("seed_demo", "seed_demo", str(self.servers_file))

    @property
    def servers_file(self) -> Path:
        """Where the demo servers write themselves down once they listen."""
        return self.data.demo / "servers.json"

    def demo(self) -> Program:
        """The demo servers: they get nothing of OpsManager's, secrets and database least of all."""
        environment = {name: self.environ[name] for name in DEMO_VARIABLES if name in self.environ}
        return Program(
            name="demo",
            command=(
                sys.executable,
                "-m",
                "opsmanager.embedded.demo",
                "--data",
                str(self.data.demo),
            ),
            environment=environment | {"PYTHONUNBUFFERED": "1"},
            folder=self.project,
            patience=1.0,
        )

    def application(self) -> tuple[Program, ...]:
        """The processes that make up OpsManager itself."""
        concurrency = self.environ.get("AUTOMATION_WORKER_CONCURRENCY") or CONCURRENCY
        return (
            self._web(),
            self._worker("worker", concurrency, WORKER_QUEUES),
            self._worker("worker-high", HIGH_CONCURRENCY, HIGH_QUEUES),
            self._worker("worker-notify", NOTIFICATION_CONCURRENCY, NOTIFICATION_QUEUES),
            self._beat(),
        )

    def _web(self) -> Program:
        workers = min(WEB_WORKERS, os.cpu_count() or 1)
        places = self.environ.get("OPSMANAGER_LIVE_PLACES") or LIVE_PLACES
        # Web itself says what is wrong with it when it is no number.
        threads = WEB_THREADS + (int(places) if places.isascii() and places.isdigit() else 0)
        return Program(
            name="web",
            command=(
                *(sys.executable, "-m", "granian", "--interface", "wsgi"),
                *("--host", self.host, "--port", str(self.port)),
                *("--workers", str(workers), "--blocking-threads", str(threads)),
                *("--workers-kill-timeout", "3", "--respawn-failed-workers"),
                # Its warnings are that there are many threads, most of which sleep, and that it
                # ended a worker with streams open.
                *("--log-level", "error", "opsmanager.wsgi:application"),
            ),
            environment=self.common_environment() | self.secrets.for_web(),
            folder=self.project,
        )

    def _worker(self, name: str, concurrency: str, queues: str) -> Program:
        return Program(
            name=name,
            command=(
                *(sys.executable, "-m", "celery", "--quiet", "-A", "opsmanager", "worker"),
                *("-P", "threads", "--concurrency", concurrency, "-Q", queues),
                *("-n", f"{name}@%h", "--without-gossip", "--without-mingle", "-l", "warning"),
            ),
            environment=self.common_environment() | self.secrets.for_worker() | QUIET_AS_ROOT,
            folder=self.project,
        )

    def _beat(self) -> Program:
        return Program(
            name="beat",
            command=(
                *(sys.executable, "-m", "celery", "--quiet", "-A", "opsmanager", "beat"),
                *(
                    "-l",
                    "warning",
                    "--scheduler",
                    "django_celery_beat.schedulers:DatabaseScheduler",
                ),
                # The supervisor knows which process it is; a stale pid file would stop the next.
                "--pidfile=",
            ),
            environment=self.common_environment() | self.secrets.for_beat(),
            folder=self.project,
        )

    def _django(
        self,
        name: str,
        *words: str,
        secrets: Mapping[str, str] | None = None,
        quiet: bool = False,
    ) -> Program:
        return Program(
            name=name,
            command=(sys.executable, "manage.py", *words),
            environment=self.common_environment() | self.secrets.for_web() | dict(secrets or {}),
            folder=self.project,
            quiet=quiet,
        )
