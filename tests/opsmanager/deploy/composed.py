"""The services of docker-compose.yml as processes of this machine, without its containers.

Commands, environment and secrets are those of the file. Other than there, PostgreSQL and Redis are
those of the tests, there is PgBouncer in front of PostgreSQL, and each service listens on a port of
its own of the loopback.
"""

import json
import os
import shutil
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from opsmanager.deploy.secrets import make
from opsmanager.embedded import port as ports
from opsmanager.embedded.process import Program
from opsmanager.embedded.watchdog import Watchdog
from tests.opsmanager.deploy import files
from tests.stack.client import Api
from tests.stack.ready import wait_until_ready
from tests.stack.running import Running
from tests.stack.services import free_redis, fresh_database
from tests.stack.stack import to_its_end

WORKERS = ("worker", "worker-high", "worker-notify")
_BOUNCER = """
[databases]
{database} = host={host} port={port} dbname={database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
auth_type = plain
auth_file = {users}
pool_mode = session
max_client_conn = 400
default_pool_size = 60
unix_socket_dir =
{user}
"""


class Composed:
    """What runs, and what can be done to it."""

    def __init__(self, folder: Path, database: str, broker: str, watchdog: Watchdog) -> None:
        self.running: dict[str, Running] = {}
        self.front = ports.free()
        self.secrets = folder / "secrets"
        self._folder = folder
        self._watchdog = watchdog
        self._webs: list[int] = []
        make(self.secrets, database="unused:1", redis="unused:1")
        bouncer = self._start_bouncer(database)
        for name, url in (
            ("database_url", bouncer),
            ("database_owner_url", database),
            ("redis_url", broker),
        ):
            (self.secrets / name).chmod(0o644)
            (self.secrets / name).write_text(url)

    @property
    def admin(self) -> Api:
        """The first administrator, who comes through the proxy."""
        return Api(
            f"https://localhost:{self.front}",
            username="admin",
            password=(self.secrets / "opsmanager_admin_password").read_text(),
            tls=_trusting(),
        )

    def migrate(self) -> None:
        """Lay out the static files, as the image has them, then do what the service does."""
        to_its_end(self._program("migrate", [sys.executable, "manage.py", "collectstatic"]))
        to_its_end(self._program("migrate"))

    def start(self, service: str) -> str:
        """Start one more of a service; return its name."""
        name = f"{service}-{sum(each.startswith(service + '-') for each in self.running) + 1}"
        command = None
        if service == "web":
            self._webs.append(ports.free())
            command = self._command(service)
            command[command.index("--host") + 1] = "127.0.0.1"
            command[command.index("--port") + 1] = str(self._webs[-1])
        self._run(name, self._program(service, command))
        return name

    def start_proxy(self) -> None:
        """Start Caddy with the file of the service, in front of the webs there are."""
        caddy = shutil.which("caddy")
        assert caddy is not None
        file = files.DEPLOY / "compose" / "Caddyfile"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "XDG_DATA_HOME": str(self._folder / "caddy"),
            "OPSMANAGER_HOST": f"localhost:{self.front}",
            "OPSMANAGER_HTTP_PORT": str(ports.free()),
            "OPSMANAGER_WEBS": " ".join(f"127.0.0.1:{port}" for port in self._webs),
        }
        command = (caddy, "run", "--adapter", "caddyfile", "--config", str(file))
        self._run(
            "proxy",
            Program(name="proxy", command=command, environment=environment, folder=self._folder),
        )

    def wait_until_ready(self) -> None:
        """Wait until the proxy's answer to `/readyz` says that every part is there."""
        wait_until_ready(
            f"https://localhost:{self.front}/readyz", words=self.words, tls=_trusting()
        )

    def words(self) -> str:
        """Return the last words of all."""
        return "\n".join(f"{name}: {each.last_words()}" for name, each in self.running.items())

    def stop(self) -> None:
        """Stop all, the last started first."""
        for running in reversed(self.running.values()):
            running.stop()

    def variables(self, service: str) -> dict[str, str]:
        """Return the environment of a service, its secrets where they lie here."""
        said = files.compose()["services"][service]["environment"]
        own = {
            name: value.replace("/run/secrets/", f"{self.secrets}/").replace(
                "${OPSMANAGER_HOST:-localhost}", f"localhost:{self.front}"
            )
            for name, value in said.items()
        }
        return own | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DJANGO_SETTINGS_MODULE": "opsmanager.settings",
            "OPSMANAGER_STATIC_ROOT": str(self._folder / "static"),
            "OPSMANAGER_SERVER_ALLOWED_NETWORKS": "127.0.0.0/8",
            # Only while these tests run as root, which no container does.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        }

    def _command(self, service: str) -> list[str]:
        said = files.compose()["services"][service].get("command")
        if said is None:
            (said,) = [json.loads(rest) for word, rest in files.dockerfile() if word == "CMD"]
        found = shutil.which(said[0], path=self.variables(service)["PATH"])
        assert found is not None, said
        return [found, *said[1:]]

    def _program(self, service: str, command: list[str] | None = None) -> Program:
        words = [*(command or self._command(service))]
        if words[-1] == "collectstatic":
            words += ["--noinput", "--verbosity", "0"]
        return Program(
            name=service,
            command=tuple(words),
            environment=self.variables(service),
            folder=files.PROJECT,
        )

    def _run(self, name: str, program: Program) -> None:
        log = self._folder / f"{name}.log"
        self.running[name] = Running(program, log=log, watchdog=self._watchdog)

    def _start_bouncer(self, database: str) -> str:
        """Start PgBouncer; return the URL by which it leads there, or where there is none."""
        program = shutil.which("pgbouncer")
        if program is None:
            return database
        url, own_port = urlsplit(database), ports.free()
        users = self._folder / "users.txt"
        users.write_text(f'"{url.username}" "{url.password}"\n')
        users.chmod(0o644)
        settings = self._folder / "pgbouncer.ini"
        settings.write_text(
            _BOUNCER.format(
                database=url.path.removeprefix("/"),
                host=url.hostname,
                port=url.port,
                own_port=own_port,
                users=users,
                # It refuses to serve as root.
                user="user = nobody" if os.geteuid() == 0 else "",
            )
        )
        settings.chmod(0o644)
        command = (program, str(settings))
        self._run(
            "pgbouncer",
            Program(name="pgbouncer", command=command, environment={}, folder=self._folder),
        )
        where = f"{url.username}:{url.password}@127.0.0.1:{own_port}"
        return url._replace(netloc=where).geturl()


def _trusting() -> ssl.SSLContext:
    """Return a context for a certificate that Caddy made for itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def composed(folder: Path) -> Iterator[Composed]:
    """Start two webs, three workers, beat and the proxy, as the file has them."""
    folder.chmod(0o711)
    with ExitStack() as ending:
        database = ending.enter_context(fresh_database(os.environ["DATABASE_URL"]))
        broker = ending.enter_context(free_redis(os.environ["REDIS_URL"]))
        watchdog = Watchdog()
        ending.callback(watchdog.dismiss)
        found = Composed(folder, database, broker, watchdog)
        ending.callback(found.stop)
        found.migrate()
        for service in ("web", "web", *WORKERS, "beat"):
            found.start(service)
        found.start_proxy()
        found.wait_until_ready()
        yield found
