"""A role of PostgreSQL that may do as much as the application's, where another one owns all."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from opsmanager.audit import grants


@contextmanager
def application_role() -> Iterator[psycopg.Connection]:
    """Make a role with the application's rights; yield a connection of its own.

    Committed, so that no test with a transaction around it may use it.
    """
    name, password = f"app_{secrets.token_hex(4)}", secrets.token_hex(16)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        if not cursor.fetchone()[0]:
            pytest.skip("The role of DATABASE_URL may not make roles (ALTER ROLE … CREATEROLE)")
        role = sql.Identifier(name)
        make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password))
        cursor.execute(make.as_string(cursor.connection))
        grants.give(name)
        where = connection.settings_dict
        try:
            with psycopg.connect(
                host=where["HOST"],
                port=where["PORT"],
                dbname=where["NAME"],
                user=name,
                password=password,
                autocommit=True,
            ) as restricted:
                yield restricted
        finally:
            _drop(name)


def _drop(name: str) -> None:
    """Take all its rights away, which else keep it from being dropped."""
    with connection.cursor() as cursor:
        role = sql.Identifier(name)
        for statement in (
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}",
            "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}",
            "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {}",
            "REVOKE ALL ON SCHEMA public FROM {}",
            "DROP ROLE {}",
        ):
            cursor.execute(sql.SQL(statement).format(role).as_string(cursor.connection))
