"""The embedded PostgreSQL's two roles: one owns the tables, the other one works with them."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from opsmanager.embedded.__main__ import PROJECT
from opsmanager.embedded.postgres import Postgres, Urls
from opsmanager.embedded.postgres_home import discard
from opsmanager.embedded.terminal import Terminal
from tests.embedded.test_postgres import _postgres, started

RECORD = """
INSERT INTO audit_auditevent (verb, outcome, actor_type, actor_id, actor_name, target_type,
                              target_id, target_name, message, details)
VALUES ('TEST', 'OK', 'USER', '', '', '', '', '', '', '{}') RETURNING seq
"""


@pytest.fixture
def postgres(tmp_path: Path) -> Postgres:
    yield _postgres(tmp_path)
    discard(tmp_path)


def manage(*words: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "x" * 50,
            "REDIS_URL": os.environ["REDIS_URL"],
            **environment,
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == status, ended.stderr
    return ended


def as_before_there_were_two(urls: Urls) -> None:
    """Make the database what it was when one role did everything."""
    superuser = urls.role.replace("opsmanager:role@", "postgres:super@")
    with psycopg.connect(superuser.replace("/opsmanager", "/postgres"), autocommit=True) as all_:
        all_.execute("DROP DATABASE opsmanager")
        all_.execute("DROP ROLE opsmanager_owner")
        all_.execute("CREATE DATABASE opsmanager OWNER opsmanager")


def test_an_old_data_folder_gets_an_owner_and_its_role_can_only_add_to_the_trail(
    postgres: Postgres, terminal: Terminal, tmp_path: Path
) -> None:
    async def one_role(urls: Urls) -> None:
        as_before_there_were_two(urls)
        manage("migrate", "--noinput", "-v0", DATABASE_URL=urls.role)
        said = manage("check", "--database", "default", DATABASE_URL=urls.role)
        assert "audit.W001" in said.stderr
        with psycopg.connect(urls.role) as connection:
            connection.execute(RECORD)
        superuser = urls.role.replace("opsmanager:role@", "postgres:super@")
        said = manage(
            *("migrate", "--noinput", "-v0"),
            DATABASE_URL=urls.role,
            DATABASE_OWNER_URL=superuser,
            status=1,
        )
        assert "The tables belong to opsmanager, not to postgres" in said.stderr

    async def two_roles(urls: Urls) -> None:
        superuser = urls.role.replace("opsmanager:role@", "postgres:super@")
        with psycopg.connect(superuser) as connection:
            connection.execute("ALTER SCHEMA public OWNER TO postgres")
            connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        said = manage(
            *("migrate", "--noinput", "-v0"),
            DATABASE_URL=urls.role,
            DATABASE_OWNER_URL=urls.owner,
            status=1,
        )
        assert "REVOKE CREATE ON SCHEMA public FROM PUBLIC" in said.stderr
        with psycopg.connect(superuser) as connection:
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        nobody = urls.role.replace("opsmanager:role@", "nobody:x@")
        said = manage(
            *("migrate", "--noinput", "-v0"),
            DATABASE_URL=nobody,
            DATABASE_OWNER_URL=urls.owner,
            status=1,
        )
        assert "the role nobody, which PostgreSQL does not know" in said.stderr
        assert "Traceback" not in said.stderr
        manage(
            *("migrate", "--noinput", "-v0"), DATABASE_URL=urls.role, DATABASE_OWNER_URL=urls.owner
        )
        said = manage("check", "--database", "default", DATABASE_URL=urls.role)
        assert "audit.W001" not in said.stderr
        with psycopg.connect(urls.role, autocommit=True) as connection:
            assert connection.execute("SELECT count(*) FROM audit_auditevent").fetchone() == (1,)
            assert connection.execute(RECORD).fetchone() is not None
            assert connection.execute("SELECT audit_seal_events(10)").fetchone() == (2,)
            connection.execute("UPDATE common_pulse SET name = name")
            connection.execute("DELETE FROM automation_executionlog")
            for attack in (
                "DELETE FROM audit_auditevent",
                "TRUNCATE audit_auditevent",
                "DROP TABLE audit_auditevent",
                "ALTER TABLE audit_auditevent DISABLE TRIGGER USER",
                "DROP FUNCTION audit_refuse() CASCADE",
                "DROP DATABASE opsmanager",
                "SET ROLE opsmanager_owner",
                "CREATE TABLE mine ()",
            ):
                with pytest.raises(psycopg.Error, match=r"permission denied|must be owner"):
                    connection.execute(attack)

    async def once_more(urls: Urls) -> None:
        with psycopg.connect(urls.role) as connection:
            assert connection.execute("SELECT count(*) FROM audit_auditevent").fetchone() == (2,)

    started(postgres, terminal, one_role)
    started(_postgres(tmp_path), terminal, two_roles)
    started(_postgres(tmp_path), terminal, once_more)
