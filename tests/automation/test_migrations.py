"""Migrations of tables that hold rows, in a database of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.stack.services import fresh_database

PROJECT = Path(__file__).parents[2]

_THERE_AND_BACK = """
import json, uuid
import django
django.setup()
from django.core.management import call_command
from django.db import connection

def migrate(*target):
    call_command("migrate", "automation", *target, verbosity=0)

def read(columns):
    cursor.execute(f"SELECT reason, {columns} FROM automation_execution")
    return {row[0]: list(row[1:]) for row in cursor.fetchall()}

migrate("0001")
call_command("migrate", "servers", verbosity=0)
cursor = connection.cursor()
from servers.models import Server
servers = [Server.objects.create(name=f"web{n}", hostname="web").pk for n in range(2)]
runbook = uuid.uuid4()
cursor.execute(
    "INSERT INTO automation_catalogentry (id, updated_at, runbook_id, title, summary, category,"
    " platforms, changes, is_deployed, is_active, dangerous, timeout_seconds, max_retries,"
    " cooldown_minutes) VALUES"
    " (%s, now(), 'X', '', '', '', '{}', true, true, true, false, 1, 1, 1)",
    [runbook],
)
for name, server, status, steps, is_dry_run in (
    ("runs", 0, "RUNNING", 2, False),
    ("waits", 0, "PENDING", 0, False),
    ("ended", 1, "SUCCESS", 3, False),
    ("dry", 1, "RUNNING", 1, True),
):
    cursor.execute(
        "INSERT INTO automation_execution (id, runbook_id, server_id, triggered_by, reason, status,"
        " verdict, priority, parameters, is_dry_run, changes, current_step, total_steps,"
        " step_titles, steps_done, timeout_seconds, result_summary, result_data, context,"
        " error_code, error_message, attempt, rollback_performed, cancel_outcome, fence, worker,"
        " revision, last_seq, idempotency_hash) VALUES (%s, %s, %s, 'MANUAL', %s, %s, '', 2, '{}',"
        " %s, true, 0, 3, '{}', %s, 1, '', '{}', '{}', '', '', 0, false, '', 0, '', 0, 0, '')",
        [uuid.uuid4(), runbook, servers[server], name, status, is_dry_run, steps],
    )
migrate()
there = read("steps_done, waiting_since = queued_at, holds_server")
migrate("0001")
back = read("steps_done")
migrate()
print(json.dumps([there, back]))
"""


def test_rows_of_the_first_version_are_carried_over_and_back() -> None:
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
            timeout=300,
        )
    assert ended.returncode == 0, ended.stderr
    there, back = json.loads(ended.stdout.splitlines()[-1])
    # Which steps were done; whether it waits, since when; whether it holds its server.
    assert there == {
        "runs": [[1, 2], None, True],
        "waits": [[], True, False],
        "ended": [[1, 2, 3], None, False],
        "dry": [[1], None, False],
    }
    assert back == {"runs": [2], "waits": [0], "ended": [3], "dry": [1]}
