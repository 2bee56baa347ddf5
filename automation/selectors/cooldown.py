"""Whether a runbook may run again on a server already, by the database's clock."""

from typing import Any

from django.db import connection

from automation.models import CatalogEntry, Execution
from servers.models import Server

# Those that ended before they reached the server do not count.
_COUNTING = """
SELECT ceil(extract(epoch FROM
            e.queued_at + make_interval(mins => %(minutes)s) - clock_timestamp()))::int
  FROM automation_execution e
 WHERE NOT e.is_dry_run
   AND e.queued_at > clock_timestamp() - make_interval(mins => %(minutes)s)
   AND NOT (e.status = 'CANCELLED' AND e.started_at IS NULL)
   AND NOT (e.status = 'FAILED' AND (e.error_code = 'VALIDATION'
            OR e.error_code IN ('CONNECTION', 'AUTHENTICATION', 'HOST_KEY')
               AND e.steps_done = '{}'))
"""
_OF_SERVER = f"""{_COUNTING}
   AND e.runbook_id = %(runbook)s AND e.server_id = %(server)s
 ORDER BY e.queued_at DESC LIMIT 1
"""
_OF_ONE = f"{_COUNTING} AND e.id = %(execution)s"


def seconds_left(entry: CatalogEntry, server: Server) -> int:
    """Return how many seconds the runbook still has to wait on this server; 0 for none."""
    return _left(entry, _OF_SERVER, runbook=entry.pk, server=server.pk)


def seconds_left_of(execution: Execution) -> int:
    """Return how many seconds the cooldown that this execution started still runs; 0 for none."""
    return _left(execution.runbook, _OF_ONE, execution=execution.pk)


def _left(entry: CatalogEntry, query: str, **values: Any) -> int:
    if not entry.cooldown_minutes:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(query, {"minutes": entry.cooldown_minutes, **values})
        row = cursor.fetchone()
    return max(row[0], 0) if row else 0
