"""How PostgreSQL goes about the queries of a request: along an index, or through a table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

LARGE: Final = 5000
"""Rows from which on a table must not be read from one end to the other."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plans of one request's queries."""

    status: int
    queries: int
    scanned: tuple[str, ...]
    """Large tables that are read whole."""
    indexes: tuple[str, ...]
    """The indexes of large tables that are used."""
    slowest: str
    """The query for which PostgreSQL reckons with most work."""


def plan_of(client: Client, path: str, headers: dict[str, str]) -> Plan:
    """Ask for the path within this process, and explain each query of it."""
    with CaptureQueriesContext(connection) as captured:
        answer: HttpResponse = client.get(path, headers=headers)
    large = _large_tables()
    scanned: set[str] = set()
    indexes: set[str] = set()
    slowest, cost = "", -1.0
    for sql, root in _explained([query["sql"] for query in captured]):
        if root["Total Cost"] > cost:
            slowest, cost = sql, root["Total Cost"]
        for node in _nodes(root):
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in large:
                scanned.add(large[node["Relation Name"]])
            indexes |= {node["Index Name"]} if "Index Name" in node else set()
    names = _indexes_of_large_tables()
    return Plan(
        status=answer.status_code,
        queries=len(captured),
        scanned=tuple(sorted(scanned)),
        indexes=tuple(sorted({names[index] for index in indexes if index in names})),
        slowest=slowest,
    )


def _explained(asked: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each query that reads with its plan, under the settings that it was asked with."""
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in asked:
            if sql.startswith("SET LOCAL "):
                cursor.execute(sql)
            elif sql.lstrip().upper().startswith(("SELECT", "WITH")):
                cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), [])
                found = cursor.fetchone()[0]
                yield sql, (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _large_tables() -> dict[str, str]:
    """Return the large tables, and those they are partitions of; each with the name to say."""
    return _pairs(
        "SELECT c.relname, coalesce(p.relname, c.relname) FROM pg_class c"
        " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
        " LEFT JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        f" AND c.reltuples > {LARGE}"
    )


def _indexes_of_large_tables() -> dict[str, str]:
    """Return their indexes, and those they are parts of; each with the name to say."""
    return _pairs(
        "SELECT c.relname, coalesce(p.relname, c.relname) FROM pg_class c"
        " JOIN pg_index x ON x.indexrelid = c.oid JOIN pg_class t ON t.oid = x.indrelid"
        " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
        " LEFT JOIN pg_class p ON p.oid = i.inhparent"
        f" WHERE c.relkind = 'i' AND t.reltuples > {LARGE}"
    )


def _pairs(sql: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return dict(cursor.fetchall())
