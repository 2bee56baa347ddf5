"""The embedded PostgreSQL: data survive everything, and what does not fit is said."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from opsmanager.embedded.errors import ServiceError
from opsmanager.embedded.postgres import Postgres, Urls
from opsmanager.embedded.postgres_home import discard, locate
from opsmanager.embedded.supervisor import Supervisor
from opsmanager.embedded.terminal import Terminal
from opsmanager.embedded.watchdog import Watchdog
from tests.embedded.screen import eventually


@pytest.fixture
def postgres(tmp_path: Path) -> Postgres:
    yield _postgres(tmp_path)
    discard(tmp_path)


def _postgres(folder: Path, *, superuser_password: str = "super") -> Postgres:
    return Postgres(
        home=locate(folder),
        superuser_password=superuser_password,
        role_password="role",
        owner_password="owner",
    )


def started(
    postgres: Postgres, terminal: Terminal, work: Callable[[Urls], Awaitable[None]]
) -> None:
    """Start PostgreSQL, do `work` with its URLs, stop it."""

    async def between() -> None:
        watchdog = Watchdog()
        supervisor = Supervisor(terminal=terminal, watchdog=watchdog)
        try:
            await postgres.prepare(supervisor)
            await work(await postgres.start(supervisor))
        finally:
            await supervisor.stop()
            watchdog.dismiss()

    asyncio.run(between())


def test_data_survive_a_kill_of_everything(
    postgres: Postgres, terminal: Terminal, tmp_path: Path
) -> None:
    async def write_and_die(urls: Urls) -> None:
        with psycopg.connect(urls.owner) as connection:
            connection.execute("CREATE TABLE note (text text)")
            connection.execute("INSERT INTO note VALUES ('kept')")
        pid = int((postgres.home.cluster / "postmaster.pid").read_text().split()[0])
        os.killpg(pid, signal.SIGKILL)

    async def read(urls: Urls) -> None:
        with psycopg.connect(urls.owner) as connection:
            assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]

    started(postgres, terminal, write_and_die)
    assert postgres.needs_recovery
    started(_postgres(tmp_path), terminal, read)
    assert not postgres.needs_recovery


def test_opsmanagers_roles_are_no_superusers(postgres: Postgres, terminal: Terminal) -> None:
    async def look(urls: Urls) -> None:
        for url in (urls.role, urls.owner):
            with psycopg.connect(url) as connection:
                row = connection.execute(
                    "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user"
                ).fetchone()
                assert row == (False, False)
        for wrong in (
            urls.role.replace(":role@", ":guess@"),
            urls.owner.replace(":owner@", ":role@"),
        ):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(wrong)

    started(postgres, terminal, look)


def test_a_killed_server_comes_back_at_the_same_address(
    postgres: Postgres, terminal: Terminal
) -> None:
    async def kill(urls: Urls) -> None:
        pid = int((postgres.home.cluster / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)

        def answers() -> bool:
            try:
                psycopg.connect(urls.role, connect_timeout=2).close()
            except psycopg.OperationalError:
                return False
            return True

        await asyncio.to_thread(eventually, answers, "PostgreSQL again")

    started(postgres, terminal, kill)


def test_data_of_another_version_are_left_alone(postgres: Postgres, supervisor: Supervisor) -> None:
    postgres.home.cluster.mkdir(parents=True)
    (postgres.home.cluster / "PG_VERSION").write_text("14\n")
    with pytest.raises(ServiceError, match=r"data of PostgreSQL 14.*brings PostgreSQL 18"):
        asyncio.run(postgres.prepare(supervisor))


def test_secrets_that_do_not_belong_to_the_data_are_said(
    postgres: Postgres, terminal: Terminal, tmp_path: Path
) -> None:
    async def nothing(_urls: Urls) -> None:
        return

    started(postgres, terminal, nothing)
    with pytest.raises(ServiceError, match="Put both back from one backup"):
        started(_postgres(tmp_path, superuser_password="other"), terminal, nothing)


def test_an_interrupted_beginning_is_begun_again(postgres: Postgres, terminal: Terminal) -> None:
    draft = postgres.home.cluster.with_name("postgres.draft")
    draft.mkdir(parents=True)
    (draft / "half").touch()

    async def look(urls: Urls) -> None:
        with psycopg.connect(urls.role) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    started(postgres, terminal, look)
    assert not draft.exists()
