"""Whether a runbook may run again on a server already, by the database's clock."""

from typing import Any

from django.db import connection

from automation.models import CatalogEntry
from servers.models import Server

# Those that ended before they reached the server do not count.
_LEFT = """
SELECT ceil(extract(epoch FROM
            e.queued_at + make_interval(mins => %(minutes)s) - clock_timestamp()))::int
  FROM automation_execution e
 WHERE e.runbook_id = %(runbook)s AND e.server_id = %(server)s AND NOT e.is_dry_run
   AND e.queued_at > clock_timestamp() - make_interval(mins => %(minutes)s)
   AND NOT (e.status = 'CANCELLED' AND e.started_at IS NULL)
   AND NOT (e.status = 'FAILED' AND (e.error_code = 'VALIDATION'
            OR e.error_code IN ('CONNECTION', 'AUTHENTICATION', 'HOST_KEY')
               AND e.steps_done = '{}'))
 ORDER BY e.queued_at DESC LIMIT 1
"""


def seconds_left(entry: CatalogEntry, server: Server) -> int:
    """Return how many seconds the runbook still has to wait on this server; 0 for none."""
    if not entry.cooldown_minutes:
        return 0
    values: dict[str, Any] = {
        "minutes": entry.cooldown_minutes,
        "runbook": entry.pk,
        "server": server.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, values)
        row = cursor.fetchone()
    return max(row[0], 0) if row else 0
