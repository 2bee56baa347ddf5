"""Fills the database of the growth benchmark with a history of half a year.

Rows are made inside PostgreSQL, from lists of words and numbers that follow from their own number:
the same each time. They are as long as real ones.
"""

import time
from dataclasses import dataclass
from typing import Final

import psycopg

SERVERS: Final = 100
DAYS: Final = 180
FREQUENT, SOME, RARE, NOWHERE = "answered", "timeout", "kernelpanic", "zzyzx"
"""Words in nearly all, in a few of a hundred, in three of all, and in no text."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many rows of each kind."""

    executions: int
    logs_each: int
    events: int
    incidents: int
    batches: int


def fill(url: str, size: Size) -> None:
    """Fill a migrated database, and let PostgreSQL look at it as its autovacuum would."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET work_mem = '256MB'")
        for months in range(DAYS // 30 + 2):
            for table in ("automation_executionlog", "audit_auditevent"):
                connection.execute(
                    "SELECT make_month_partition(%s, (now() - make_interval(months => %s))::date)",
                    [table, months],
                )
        for statement in (_PEOPLE, _SERVERS, _INCIDENTS, _BATCHES, _EXECUTIONS, _LOGS):
            connection.execute(statement, _numbers(size))
        connection.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        connection.execute(_EVENTS, _numbers(size))
        connection.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
        _vacuum(connection)


def _vacuum(connection: psycopg.Connection) -> None:
    """Do what autovacuum has done with a history of half a year: all rows are seen by everybody.

    A transaction that is older than the rows would keep it from that.
    """
    others = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
           AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
    """
    while connection.execute(others).fetchone() != (0,):
        time.sleep(0.5)
    connection.execute("VACUUM (ANALYZE)")


def _numbers(size: Size) -> dict[str, object]:
    return {
        "servers": SERVERS,
        "days": DAYS,
        "executions": size.executions,
        "logs_each": size.logs_each,
        "events": size.events,
        "incidents": size.incidents,
        "batches": size.batches,
        "frequent": FREQUENT,
        "some": SOME,
        "rare": RARE,
    }


_PEOPLE: Final = """
INSERT INTO accounts_user (id, username, password, is_superuser, is_staff, is_active, first_name,
                           last_name, email, date_joined)
SELECT gen_random_uuid(), 'operator-' || n, '!', false, false, true, '', '', '', now()
  FROM generate_series(1, 30) n
"""

_SERVERS: Final = """
WITH made AS (
    INSERT INTO servers_server (id, name, hostname, port, platform, environment, description, tags,
                                is_active, in_maintenance, keeps_records, error_code, error_message,
                                updated_at)
    SELECT gen_random_uuid(),
           (ARRAY['web', 'db', 'cache', 'queue', 'edge'])[1 + n %% 5] || '-' || n,
           'host' || n || '.example', 22, 'LINUX',
           (ARRAY['PRODUCTION', 'STAGING', 'DEVELOPMENT'])[1 + n %% 3],
           'Rack ' || n / 10, ARRAY['rack' || n / 10], n %% 50 <> 0, false, true, '', '', now()
      FROM generate_series(1, %(servers)s) n RETURNING id, name
), groups AS (
    INSERT INTO servers_servergroup (id, name, description, updated_at)
    SELECT gen_random_uuid(), 'group ' || n, '', now() FROM generate_series(0, 7) n
    RETURNING id, name
)
INSERT INTO servers_server_groups (server_id, servergroup_id)
SELECT made.id, groups.id FROM made JOIN groups
    ON split_part(groups.name, ' ', 2)::int IN (split_part(made.name, '-', 2)::int %% 8,
                                                split_part(made.name, '-', 2)::int %% 5)
"""

_INCIDENTS: Final = """
WITH servers AS (
    SELECT id, name, row_number() OVER (ORDER BY name) - 1 AS place FROM servers_server
)
INSERT INTO incidents_incident (id, title, description, severity, status, server_id, source, labels,
                                fingerprint, opened_at, updated_at, resolved_at)
SELECT gen_random_uuid(),
       (ARRAY['nginx is down', 'Disk almost full', 'High load', 'Too many 5xx', 'Swap in use',
              'Certificate expires'])[1 + n %% 6] || ' on ' || s.name,
       'Prometheus says since ' || n %% 60 || ' minutes that a threshold was passed; the value is '
       || n %% 100 || CASE WHEN n %% 6000 = 7 THEN ' ' || %(rare)s ELSE '' END
       || CASE WHEN n %% 25 = 0 THEN ' after a ' || %(some)s ELSE '' END
       || CASE WHEN n %% 10 > 0 THEN ', nobody ' || %(frequent)s ELSE '' END,
       (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + n %% 4],
       CASE WHEN n <= 150 THEN (ARRAY['OPEN', 'ACKNOWLEDGED', 'REMEDIATING'])[1 + n %% 3]
            ELSE 'RESOLVED' END,
       s.id, 'alertmanager', jsonb_build_object('unit', 'nginx.service', 'instance', s.name),
       md5('incident' || n), now() - make_interval(secs => n * %(days)s * 86400.0 / %(incidents)s),
       now(), now()
  FROM generate_series(1, %(incidents)s) n JOIN servers s ON s.place = n %% %(servers)s
"""

_BATCHES: Final = """
INSERT INTO automation_batch (id, runbook_id, started_by_id, reason, priority, parameters,
                              is_dry_run, refusals, created_at, stop_reason, idempotency_hash)
SELECT md5('batch' || n)::uuid,
       (SELECT id FROM automation_catalogentry WHERE is_deployed ORDER BY runbook_id
        OFFSET n %% 3 LIMIT 1),
       (SELECT id FROM accounts_user WHERE username = 'operator-' || 1 + n %% 30),
       'Round ' || n, 2, '{}', n %% 4 = 0, '[]',
       now() - make_interval(secs => n * %(days)s * 86400.0 / %(batches)s), '', ''
  FROM generate_series(0, %(batches)s - 1) n
"""

# The first hundred, which are the newest, run or wait; the fourth part of all belongs to batches
# of twenty servers.
_EXECUTIONS: Final = """
WITH runbooks AS (
    SELECT id, runbook_id, changes, row_number() OVER (ORDER BY runbook_id) - 1 AS n,
           count(*) OVER () AS total
      FROM automation_catalogentry WHERE is_deployed
), servers AS (
    SELECT id, name, row_number() OVER (ORDER BY name) - 1 AS place FROM servers_server
), users AS (
    SELECT id, split_part(username, '-', 2)::int - 1 AS n FROM accounts_user
     WHERE username LIKE 'operator-%%'
), incidents AS (
    SELECT id, row_number() OVER (ORDER BY opened_at DESC) AS n FROM incidents_incident
), numbers AS (
    SELECT n, hashint4(n)::bigint & 65535 AS h,
           CASE WHEN n <= 40 THEN 'RUNNING' WHEN n <= 100 THEN 'PENDING'
                ELSE (ARRAY['FAILED', 'FAILED', 'TIMEOUT', 'CANCELLED', 'ROLLED_BACK', 'UNKNOWN'])[
                     CASE WHEN (hashint4(n)::bigint & 65535) %% 100 < 6
                          THEN 1 + (hashint4(n)::bigint & 65535) %% 100 END]
           END AS unusual
      FROM generate_series(1, %(executions)s) n
)
INSERT INTO automation_execution (
    id, runbook_id, server_id, batch_id, incident_id, triggered_by, triggered_by_user_id, reason,
    status, verdict, priority, parameters, is_dry_run, changes, current_step, total_steps,
    step_titles, steps_done, timeout_seconds, max_retries, queued_at, started_at, finished_at,
    result_summary, result_data, context, once, warnings, assessment_before, assessment_after,
    error_code, error_message, attempt, decision, decision_reason, rollback_performed,
    rollback_status, rollback_reason, rollback_message, cancel_outcome, waiting_since, holds_server,
    keeps_records, claims, resumes, begin_seq, fence, worker, lease_until, revision, last_seq,
    idempotency_hash)
SELECT md5('execution' || x.n)::uuid, r.id, s.id,
       CASE WHEN x.n %% 80 >= 60 AND x.n > 100 THEN md5('batch' || x.n / 80)::uuid END,
       i.id,
       CASE WHEN i.id IS NOT NULL THEN 'INCIDENT' WHEN x.h %% 3 = 0 THEN 'SCHEDULED'
            ELSE 'MANUAL' END,
       CASE WHEN x.h %% 3 = 0 AND i.id IS NULL THEN NULL ELSE u.id END,
       'Alert ' || x.n || ': ' || (ARRAY['the shop is slow', 'disk almost full',
            'customers see errors', 'asked for by the night shift', 'weekly round'])[1 + x.h %% 5],
       coalesce(x.unusual, 'SUCCESS'),
       CASE WHEN x.unusual IS NOT NULL THEN ''
            ELSE (ARRAY['FIXED', 'NOT_FIXED', 'NOTHING_TO_FIX', '', 'FIXED'])[1 + x.h %% 5] END,
       1 + x.h %% 3, jsonb_build_object('serviceName', 'nginx.service', 'verifyDelay', x.h %% 10),
       x.h %% 10 = 0, r.changes, 4, 4,
       ARRAY['Remember the state of the unit', 'Restart the unit', 'Verify that it is stable',
             'Clean up'], '{1,2,3}', 300, 3,
       t.at, CASE WHEN coalesce(x.unusual, '') <> 'PENDING' THEN t.at + interval '1 s' END,
       CASE WHEN coalesce(x.unusual, '') NOT IN ('PENDING', 'RUNNING')
            THEN t.at + make_interval(secs => 1 + x.h %% 90) END,
       CASE WHEN x.unusual IS NULL THEN
            'Restarted unit' || x.h %% 40 || '.service, which ' || %(frequent)s || ' after '
            || x.h %% 90 || ' s and is stable; load ' || x.h %% 7 || '.' || x.h %% 10
            || ' of 8 cores, memory ' || x.h %% 100 || ' %% in use'
            || CASE WHEN x.n %% 30011 = 17 THEN ', in spite of a ' || %(rare)s ELSE '' END
            ELSE '' END,
       jsonb_build_object('unit', 'nginx.service', 'pid', x.n, 'restarts', x.h %% 5,
            'journal', repeat('Started A high performance web server. ', 4)),
       jsonb_build_object('before', jsonb_build_object('pid', x.h, 'state', 'active')),
       '{}', '{}',
       jsonb_build_object('healthy', false, 'summary', 'The unit is down',
                          'values', jsonb_build_object('state', 'failed', 'load', x.h %% 9)),
       jsonb_build_object('healthy', true, 'summary', 'The unit is up',
                          'values', jsonb_build_object('state', 'active', 'load', x.h %% 3)),
       CASE x.unusual WHEN 'FAILED' THEN 'COMMAND' WHEN 'TIMEOUT' THEN 'TIMEOUT' ELSE '' END,
       CASE WHEN x.unusual IN ('FAILED', 'TIMEOUT') THEN
            'systemctl restart nginx.service on ' || s.name || ' ended with ' || x.h %% 128
            || ': Job for nginx.service failed; connect to upstream 10.0.' || x.h %% 250
            || '.7 gave a ' || %(some)s ELSE '' END,
       1, '', '', false, '', '', '', '',
       CASE WHEN x.unusual = 'PENDING' THEN t.at END,
       coalesce(x.unusual = 'RUNNING' AND r.changes AND x.h %% 10 <> 0, false),
       true, 1, false, 0, x.n, 'worker-1',
       CASE WHEN x.unusual = 'RUNNING' THEN now() + interval '1 day' END, 20, %(logs_each)s, ''
  FROM numbers x
  JOIN runbooks r ON r.n = x.h %% r.total
  JOIN servers s ON s.place = (x.n * 7) %% %(servers)s
  JOIN users u ON u.n = x.h %% 30
  LEFT JOIN incidents i ON x.n %% 5 = 0 AND i.n = x.n / 5 %% %(incidents)s
  CROSS JOIN LATERAL (
      SELECT now() - make_interval(secs => x.n * %(days)s * 86400.0 / %(executions)s) AS at) t
"""

_LOGS: Final = """
INSERT INTO automation_executionlog (
    execution_id, seq, queued_at, action_id, attempt, step_number, step_name, step_type, command,
    changes, stdout, stderr, exit_code, status, error_message, started_at, finished_at)
SELECT e.id, seq, e.queued_at, gen_random_uuid(), 1, (seq - 1) / 3,
       coalesce(e.step_titles[(seq - 1) / 3], 'Assess'), 'SSH_COMMAND',
       'systemctl show --property=ActiveState,SubState,NRestarts unit' || seq || '.service',
       seq %% 3 = 2, 'ActiveState=active' || E'\n' || 'SubState=running' || E'\n' || 'NRestarts='
       || e.attempt || E'\n' || 'Main process ' || seq * 31, '', 0, 'SUCCESS', '',
       e.queued_at + make_interval(secs => seq), e.queued_at + make_interval(secs => seq + 0.4)
  FROM automation_execution e CROSS JOIN generate_series(1, %(logs_each)s) seq
"""

_EVENTS: Final = """
WITH servers AS (
    SELECT id, name, row_number() OVER (ORDER BY name) - 1 AS place FROM servers_server
)
INSERT INTO audit_auditevent (seq, at, verb, outcome, actor_type, actor_id, actor_name, address,
                              target_type, target_id, target_name, message, details)
SELECT nextval('audit_event_seq'),
       now() - make_interval(secs => (%(events)s - n) * %(days)s * 86400.0 / %(events)s + 1),
       (ARRAY['AUTOMATION_EXECUTION_STARTED', 'AUTOMATION_EXECUTION_FINISHED', 'USER_LOGGED_IN',
              'SERVER_UPDATED', 'AUTOMATION_EXECUTION_FINISHED', 'AUTOMATION_EXECUTION_STARTED',
              'HOST_KEY_ACCEPTED'])[1 + n %% 7],
       CASE WHEN n %% 50 = 0 THEN 'REFUSED' WHEN n %% 12 = 0 THEN 'FAILED' ELSE 'OK' END,
       CASE WHEN n %% 3 = 0 THEN 'WORKER' ELSE 'USER' END,
       CASE WHEN n %% 3 = 0 THEN '' ELSE md5('operator' || n %% 30)::uuid::text END,
       CASE WHEN n %% 3 = 0 THEN 'worker-1' ELSE 'operator-' || 1 + n %% 30 END,
       ('10.1.' || n %% 40 || '.' || n %% 250)::inet,
       'Execution', md5('execution' || n)::uuid::text, 'SERVICE_RESTART on ' || s.name,
       'Execution ' || n || ' was asked for because the shop is slow'
       || CASE WHEN n %% 60000 = 9 THEN ', and a ' || %(rare)s ELSE '' END
       || CASE WHEN n %% 25 = 0 THEN ' after a ' || %(some)s ELSE '' END
       || CASE WHEN n %% 10 > 0 THEN '; the server ' || %(frequent)s ELSE '' END,
       jsonb_build_object('priority', 'NORMAL', 'dryRun', false, 'attempt', n %% 3)
  FROM generate_series(1, %(events)s) n JOIN servers s ON s.place = n %% %(servers)s
 ORDER BY n
"""
