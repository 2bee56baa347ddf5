"""What install.md and recovery.md tell operators to type, as far as it needs no other machine."""

import os
import re
import stat
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.docs.shell_blocks import to_run
from tests.docs.typed import typed
from tests.stack.dumping import programs
from tests.stack.services import fresh_database

DATABASE = re.compile(r"(?<!owner=)\bopsmanager\b(?!\.dump)")
"""Its name on the page, which its owner has as well."""


def test_the_secrets_of_an_installation_are_made(tmp_path: Path) -> None:
    (make_them,) = to_run("docs/operations/install.md")

    said = typed([make_them], tmp_path)

    folder = tmp_path / "secrets"
    url = (folder / "database_url").read_text()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (urlsplit(url).hostname, urlsplit(url).port) == ("db.internal", 5432)
    assert "@redis.internal:6379/" in (folder / "redis_url").read_text()
    assert {path.name for path in folder.iterdir()} <= set(re.findall(r"\w+", said))


def test_a_dump_is_taken_and_loaded_into_a_new_database(tmp_path: Path) -> None:
    dump, restore = to_run("docs/operations/recovery.md")
    with fresh_database(os.environ["DATABASE_URL"]) as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 4711 AS number")
            (owner,) = connection.execute("SELECT current_user").fetchone() or ("",)
        own = conninfo_to_dict(url)
        # Where it is, and as whom: what operators have in their environment.
        where = {
            f"PG{name.upper()}": str(own[key])
            for name, key in {"host": "host", "port": "port", "password": "password"}.items()
            if own.get(key)
        }
        ours = DATABASE.sub(str(own["dbname"]), restore)

        typed(
            [dump, ours.replace("--owner=opsmanager", f"--owner={owner}")],
            tmp_path,
            DATABASE_URL=url,
            PGUSER=owner,
            PATH=f"{programs()}{os.pathsep}{os.environ['PATH']}",
            **where,
        )

        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchall() == [(4711,)]
