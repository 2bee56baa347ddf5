"""The embedded PostgreSQL: made once, started under our supervision, open to its own roles only."""

import asyncio
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from opsmanager.embedded import port as ports
from opsmanager.embedded.errors import ServiceError
from opsmanager.embedded.postgres_home import VERSION, PostgresHome
from opsmanager.embedded.process import Program
from opsmanager.embedded.supervisor import Supervisor

NAME = "postgres"
SUPERUSER = "postgres"
ROLE = "opsmanager"
# Owns all tables and only migrates them: whoever runs as ROLE can't change the audit trail.
OWNER = "opsmanager_owner"
DATABASE = "opsmanager"
# Generous: recovery after a kill reads back what the last checkpoint did not see.
PATIENCE = 120.0
STOP_PATIENCE = 2.5
# The line of postmaster.pid, from 0, that holds its status (LOCK_FILE_LINE_PM_STATUS).
STATUS_LINE = 7

SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    # Loopback only: a socket's path would have to be short, and reachable for everybody involved.
    "unix_socket_directories": "",
    "max_connections": "200",
    "jit": "off",
    # Pages lie in memory or on an SSD: looking one up costs little more than reading on.
    "random_page_cost": "1.1",
    "work_mem": "16MB",
    # A history of 100,000 executions with its indexes; memory is taken as it is used.
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # What a statement did wrong is told by whoever sent it.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}
# Whoever tests does not keep the data; a power cut may take them.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True, kw_only=True)
class Urls:
    """Where OpsManager's database is, for each of its two roles."""

    role: str = field(repr=False)
    owner: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One cluster of PostgreSQL in its home."""

    home: PostgresHome
    superuser_password: str = field(repr=False)
    role_password: str = field(repr=False)
    owner_password: str = field(repr=False)
    throwaway: bool = False
    """Trade durability for speed, for data that nobody keeps."""

    @property
    def needs_recovery(self) -> bool:
        """Whether the last run ended without stopping PostgreSQL."""
        return (self.home.cluster / "postmaster.pid").exists()

    async def prepare(self, supervisor: Supervisor) -> None:
        """Make the cluster where there is none.

        Raises ServiceError when there is one of another version.
        """
        try:
            found = (self.home.cluster / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            await self._initialize(supervisor)
            return
        if found != str(VERSION):
            raise ServiceError(
                f"{self.home.cluster} holds the data of PostgreSQL {found}, and this OpsManager "
                f"brings PostgreSQL {VERSION}. Dump them with pg_dump {found} and load them into "
                "a new data folder (OPSMANAGER_DATA_DIR=…), or go back to the OpsManager that "
                "made them."
            )

    async def start(self, supervisor: Supervisor) -> Urls:
        """Start the server and return the URLs of OpsManager's database."""
        port = ports.free()
        await supervisor.keep(self.program(port))
        await supervisor.until_ready(
            NAME, lambda: asyncio.to_thread(self.open, port), patience=PATIENCE
        )
        return self.urls(port)

    def program(self, port: int) -> Program:
        """Return the server of the prepared cluster, to listen on `port`."""
        settings = SETTINGS | (THROWAWAY if self.throwaway else {}) | {"port": str(port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name=NAME,
            command=(
                str(self.home.programs / "postgres"),
                "-D",
                str(self.home.cluster),
                *options,
            ),
            environment=ENVIRONMENT,
            folder=Path("/"),
            account=self.home.account,
            # Fast: end the sessions, write a checkpoint, leave.
            stop_signal=signal.SIGINT,
            patience=STOP_PATIENCE,
            quiet=self.throwaway,
        )

    def urls(self, port: int) -> Urls:
        """Return the URLs of OpsManager's database in the server on `port`."""
        where = f"{ports.LOOPBACK}:{port}/{DATABASE}"
        return Urls(
            role=f"postgresql://{ROLE}:{self.role_password}@{where}",
            owner=f"postgresql://{OWNER}:{self.owner_password}@{where}",
        )

    def open(self, port: int) -> bool:
        """Make roles and database where missing; False while the server does not answer yet."""
        if not self._is_up():
            return False
        try:
            connection = self._connect(port, "postgres")
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error):
                raise ServiceError(
                    f"The password in the data folder's secrets is not the one that PostgreSQL's "
                    f"data in {self.home.cluster} were made with. Put both back from one backup."
                ) from None
            return False
        with connection:
            _ensure_role(connection, OWNER, self.owner_password)
            # Tests make their databases as this role, and roles that may do less.
            also = "CREATEDB CREATEROLE" if self.throwaway else "CREATEDB NOCREATEROLE"
            _ensure_role(connection, ROLE, self.role_password, also=also)
            _ensure_database(connection)
        with self._connect(port, DATABASE) as inside:
            _hand_over(inside)
        return True

    def _connect(self, port: int, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=ports.LOOPBACK,
            port=port,
            user=SUPERUSER,
            password=self.superuser_password,
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    def _is_up(self) -> bool:
        """What the server itself wrote down: a connection before that is logged as an error."""
        try:
            lines = (self.home.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return lines[STATUS_LINE:] == ["ready   "]

    async def _initialize(self, supervisor: Supervisor) -> None:
        """Make the cluster beside its place and move it there whole."""
        cluster = self.home.cluster
        draft = cluster.with_name("postgres.draft")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(cluster, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        password_file = cluster.with_name("postgres.password")
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.superuser_password)
        if self.home.account:
            for path in (draft, password_file):
                shutil.chown(path, self.home.account.uid, self.home.account.gid)
        try:
            await supervisor.run(
                Program(
                    name="initdb",
                    command=(
                        str(self.home.programs / "initdb"),
                        *("--pgdata", str(draft), "--username", SUPERUSER),
                        *("--pwfile", str(password_file), "--encoding=UTF8", "--locale=C"),
                        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                        *("--auth-local=reject", "--auth-host=scram-sha-256", "--data-checksums"),
                        *(("--no-sync",) if self.throwaway else ()),
                    ),
                    environment=ENVIRONMENT,
                    folder=Path("/"),
                    account=self.home.account,
                    quiet=True,
                )
            )
        finally:
            password_file.unlink()
        draft.rename(cluster)


def _ensure_role(connection: psycopg.Connection, name: str, password: str, also: str = "") -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
            verb, sql.Identifier(name), sql.SQL(also), sql.Literal(password)
        )
    )


def _ensure_database(connection: psycopg.Connection) -> None:
    known = connection.execute(
        "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
    ).fetchone()
    if not known:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(DATABASE), sql.Identifier(OWNER)
            )
        )


def _hand_over(connection: psycopg.Connection) -> None:
    """Give the owner what one role owned before there were two; nothing where that was done.

    What the role may do then is granted by the migration that follows.
    """
    owns = connection.execute(
        "SELECT 1 FROM pg_database WHERE datname = current_database()"
        " AND datdba = %(role)s::regrole UNION ALL "
        "SELECT 1 FROM pg_class WHERE relowner = %(role)s::regrole",
        {"role": ROLE},
    ).fetchone()
    if owns:
        connection.execute(
            sql.SQL("REASSIGN OWNED BY {} TO {}").format(
                sql.Identifier(ROLE), sql.Identifier(OWNER)
            )
        )
