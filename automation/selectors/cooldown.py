"""Whether a runbook may run again on a server already, by the database's clock."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from automation.models import CatalogEntry, Execution
from opsmanager.common.connections import prepared_cursor
from servers.models import Server

_LEFT = """
ceil(extract(epoch FROM e.queued_at + make_interval(mins => {minutes}) - clock_timestamp()))::int
"""
# Those that ended before they reached the server do not count.
_COUNTS = """
       NOT e.is_dry_run
   AND e.queued_at > clock_timestamp() - make_interval(mins => {minutes})
   AND NOT (e.status = 'CANCELLED' AND e.started_at IS NULL)
   AND NOT (e.status = 'FAILED' AND (e.error_code = 'VALIDATION'
            OR e.error_code IN ('CONNECTION', 'AUTHENTICATION', 'HOST_KEY')
               AND e.steps_done = '{{}}'))
"""
# Only the numbers of minutes differ, and they come from here.
_COUNTING = f"SELECT {_LEFT} FROM automation_execution e WHERE {_COUNTS}".format(  # noqa: S608  # nosec B608
    minutes="%(minutes)s"
)
_OF_SERVER = f"""{_COUNTING}
   AND e.runbook_id = %(runbook)s AND e.server_id = %(server)s
 ORDER BY e.queued_at DESC LIMIT 1
"""
_OF_ONE = f"{_COUNTING} AND e.id = %(execution)s"
_ALL_ON_SERVER = f"""
SELECT DISTINCT ON (c.title, c.runbook_id) c.runbook_id, c.title, {_LEFT}
  FROM automation_execution e JOIN automation_catalogentry c ON c.id = e.runbook_id
 WHERE {_COUNTS} AND c.cooldown_minutes > 0 AND e.server_id = %(server)s
   AND e.queued_at > clock_timestamp() - (
       SELECT make_interval(mins => max(cooldown_minutes)) FROM automation_catalogentry)
 ORDER BY c.title, c.runbook_id, e.queued_at DESC
""".format(minutes="c.cooldown_minutes")  # noqa: S608  # nosec B608
_EVERYWHERE = f"""
SELECT id, seconds FROM (
    SELECT DISTINCT ON (e.runbook_id, e.server_id) e.id, {_LEFT} AS seconds
      FROM automation_execution e JOIN automation_catalogentry c ON c.id = e.runbook_id
     WHERE {_COUNTS} AND c.cooldown_minutes > 0
       AND e.queued_at > clock_timestamp() - (
           SELECT make_interval(mins => max(cooldown_minutes)) FROM automation_catalogentry)
     ORDER BY e.runbook_id, e.server_id, e.queued_at DESC
) AS cooling
 WHERE seconds > 0
 ORDER BY seconds
 LIMIT 1000
""".format(minutes="c.cooldown_minutes")  # noqa: S608  # nosec B608


@dataclass(frozen=True, kw_only=True)
class Cooling:
    """A runbook that may not run again on a server yet."""

    runbook_id: str
    title: str
    seconds_left: int


def on_server(server: Server) -> list[Cooling]:
    """Return the runbooks that still have to wait on this server, by title."""
    with prepared_cursor() as cursor:
        cursor.execute(_ALL_ON_SERVER, {"server": server.pk})
        rows = cursor.fetchall()
    return [
        Cooling(runbook_id=key, title=title, seconds_left=left)
        for key, title, left in rows
        if left > 0
    ]


def everywhere() -> dict[UUID, int]:
    """Return the executions that started the cooldowns which still run, the first to end first.

    By id, with the seconds that are left; a thousand at most. Not all may be seen by everybody.
    """
    with prepared_cursor() as cursor:
        cursor.execute(_EVERYWHERE)
        return dict(cursor.fetchall())


def seconds_left(entry: CatalogEntry, server: Server) -> int:
    """Return how many seconds the runbook still has to wait on this server; 0 for none."""
    return _left(entry, _OF_SERVER, runbook=entry.pk, server=server.pk)


def seconds_left_of(execution: Execution) -> int:
    """Return how many seconds the cooldown that this execution started still runs; 0 for none."""
    return _left(execution.runbook, _OF_ONE, execution=execution.pk)


def _left(entry: CatalogEntry, query: str, **values: Any) -> int:
    if not entry.cooldown_minutes:
        return 0
    with prepared_cursor() as cursor:
        cursor.execute(query, {"minutes": entry.cooldown_minutes, **values})
        row = cursor.fetchone()
    return max(row[0], 0) if row else 0
