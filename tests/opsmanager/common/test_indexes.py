"""Indexes are made beside the rows that are there, again after an interruption, and taken back."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.stack.services import fresh_database

PROJECT = Path(__file__).parents[3]

_THERE_AND_BACK = """
import json
import django
django.setup()
from django.core.management import call_command
from django.db import connection

def migrate(*target):
    call_command("migrate", *target, verbosity=0)

def read(sql):
    cursor.execute(sql)
    return cursor.fetchall()

migrate()
migrate("audit", "0003")
cursor = connection.cursor()
cursor.execute(
    "INSERT INTO audit_auditevent (verb, outcome, actor_type, actor_id, actor_name, target_type,"
    " target_id, target_name, message, details)"
    " VALUES ('OLD', 'OK', 'USER', '', '', '', '', '', 'From before', '{}')"
)
# What an interrupted try leaves behind: an index without its parts, and a part without its index.
cursor.execute("CREATE INDEX audit_outcome ON ONLY audit_auditevent (outcome, seq)")
cursor.execute(
    "CREATE INDEX audit_auditevent_default_address ON audit_auditevent_default (address, seq)"
)
migrate()
cursor.execute("SELECT make_month_partition('audit_auditevent', '2040-05-01')")
print(json.dumps({
    "valid": read(
        "SELECT c.relname, x.indisvalid AND 1 + (SELECT count(*) FROM pg_inherits p"
        " JOIN pg_index y ON y.indexrelid = p.inhrelid WHERE p.inhparent = c.oid AND y.indisvalid)"
        " = (SELECT count(*) FROM pg_partition_tree('audit_auditevent'))"
        " FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
        " WHERE x.indrelid = 'audit_auditevent'::regclass"
    ),
    "found": read("SELECT verb FROM audit_auditevent WHERE words @@ search_query('befo')"),
}))
migrate("audit", "0003")
print(json.dumps(read(
    "SELECT relname FROM pg_class WHERE relname LIKE 'audit%words'"
    " UNION SELECT proname FROM pg_proc WHERE proname LIKE 'search%'"
)))
migrate()
"""


def test_indexes_on_partitions_are_whole_and_are_taken_back() -> None:
    with fresh_database(os.environ["DATABASE_URL"]) as url:
        ended = subprocess.run(
            [sys.executable, "-c", _THERE_AND_BACK],
            env={
                **os.environ,
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "opsmanager.settings.test",
            },
            cwd=PROJECT,
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
        )
    assert ended.returncode == 0, ended.stderr
    there, back = map(json.loads, ended.stdout.splitlines()[-2:])
    valid = dict(there["valid"])
    assert {"audit_words", "audit_actor_name", "audit_outcome", "audit_address"} <= set(valid)
    assert all(valid.values()), valid
    assert there["found"] == [["OLD"]]
    assert back == []
