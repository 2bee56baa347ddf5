"""Dropping databases, buckets, volumes and clusters."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.rule import rule

_SQL = re.compile(
    r"\b(drop\s+(database|schema|table|user|role|tablespace)|truncate\s+\w|"
    r"delete\s+from\s+[\w.\"`]+\s*(;|$)|dropDatabase|\.drop\()",
    re.I,
)
_FLUSHES = frozenset(("flushdb", "flushall", "shutdown", "debug"))
_CLIENTS = "psql mysql mariadb sqlite3 mongo mongosh sqlplus cqlsh clickhouse-client"


def _statements(call: Call) -> str:
    return "\n".join((*call.args, *(call.stdin or ())))


def _cluster(call: Call) -> bool:
    words = call.operands
    wide = ("ns", "namespace", "namespaces", "node", "nodes", "pv", "crd", "pvc")
    return (
        "delete" in words[:1]
        and (any(one in wide for one in words[1:2]) or call.flag("--all", "-A", "--all-namespaces"))
    ) or ("drain" in words[:1])


RULES = tuple(
    rule(
        key, programs, holds, "It destroys data that nobody can bring back.", severity=Severity.HOLD
    )
    for key, programs, holds in (
        ("DROP_BY_SQL", _CLIENTS, lambda call: bool(_SQL.search(_statements(call)))),
        ("DROP_DATABASE", "dropdb dropuser", lambda call: not call.flag("--help", "--version")),
        ("DROP_MYSQL", "mysqladmin", lambda call: bool({"drop", "shutdown"} & set(call.operands))),
        (
            "FLUSH_REDIS",
            "redis-cli valkey-cli",
            lambda call: bool(_FLUSHES & {one.lower() for one in call.operands}),
        ),
        ("DELETE_IN_CLUSTER", "kubectl oc", _cluster),
        (
            "PRUNE_CONTAINERS",
            "docker podman nerdctl",
            lambda call: (
                call.operands[:2] in (("volume", "prune"), ("volume", "rm"))
                or (call.operands[:2] == ("system", "prune") and call.has("a", "all", "volumes"))
            ),
        ),
        (
            "REMOVE_BUCKET",
            "aws s3cmd gsutil mc",
            lambda call: (
                "rb" in call.operands
                or ("rm" in call.operands and call.flag("--recursive", "-r"))
                or any(one.startswith(("delete-", "terminate-")) for one in call.operands[1:2])
            ),
        ),
        (
            "EMPTY_ETCD",
            "etcdctl",
            lambda call: call.verb("del") and call.flag("--prefix", "--from-key"),
        ),
        (
            "DESTROY_INFRASTRUCTURE",
            "terraform tofu pulumi",
            lambda call: call.verb("destroy") or call.flag("-destroy"),
        ),
    )
)
