"""Dropping databases and what is in them."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.rule import rule

# Between the words of a statement may stand spaces and comments.
_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n)+"
_SQL = re.compile(
    rf"\bdrop{_GAP}(?:database|schema|table|user|role|tablespace|keyspace|owned|index\s+\*)|"
    rf"\btruncate{_GAP}\w|\bdelete{_GAP}from{_GAP}[\w.\"`]+\s*(?:;|$|[\"'])|"
    rf"\bdelete{_GAP}from{_GAP}[\w.\"`]+{_GAP}where{_GAP}(?:1\s*=\s*1|true)|"
    rf"\bupdate{_GAP}(?:mysql\.user|pg_authid)\b|"
    rf"dropDatabase|dropUser|dropAllUsers|\.drop\(|(?:deleteMany|remove)\(\s*(?:\{{\s*\}})?\s*\)|"
    rf"\breset{_GAP}(?:master|slave)|(?:^|;)\s*shutdown\b|pg_terminate_backend\(\s*pid\s*\)|"
    rf"\bcopy\b.*\bto{_GAP}program\b|lo_export|into{_GAP}dumpfile",
    re.I | re.S,
)
_FLUSHES = frozenset(("flushdb", "flushall", "shutdown", "debug"))
_CLIENTS = (
    "psql mysql mariadb sqlite3 mongo mongosh sqlplus cqlsh clickhouse-client usql pgcli mycli "
    "influx sqlcmd isql tsql duckdb cockroach"
)


_LITERAL = re.compile(r"'[^']*'")
_RUN_LITERALS = re.compile(r"\b(?:execute|prepare|dblink|eval)\b", re.I)


def _statements(call: Call) -> str:
    return "\n".join((*call.args, *(call.stdin or ())))


def _drops(call: Call) -> bool:
    text = _statements(call)
    return bool(_SQL.search(text if _RUN_LITERALS.search(text) else _LITERAL.sub("''", text)))


def _empties_redis(call: Call) -> bool:
    said = _statements(call).lower().split()
    evals = any(re.search(r"flush|keys\W", one, re.I) for one in call.args if "redis.call" in one)
    sets = "config" in said and "set" in said and bool({"dir", "dbfilename", "save"} & set(said))
    return bool(_FLUSHES & set(said)) or evals or sets or "slaveof" in said or "replicaof" in said


RULES = tuple(
    rule(
        key, programs, holds, "It destroys data that nobody can bring back.", severity=Severity.HOLD
    )
    for key, programs, holds in (
        ("DROP_BY_SQL", _CLIENTS, _drops),
        (
            "DROP_DATABASE",
            "dropdb dropuser pg_dropcluster",
            lambda call: not call.flag("--help", "--version"),
        ),
        (
            "DROP_MYSQL",
            "mysqladmin mariadb-admin",
            lambda call: bool({"drop", "shutdown"} & set(call.operands)),
        ),
        (
            "RESTORE_OVER",
            "pg_restore pg_resetwal pg_resetxlog mongorestore initdb",
            lambda call: (
                call.name not in ("pg_restore", "mongorestore") or call.has("c", "clean", "drop")
            ),
        ),
        (
            "FLUSH_REDIS",
            "redis-cli valkey-cli keydb-cli",
            _empties_redis,
        ),
    )
)
