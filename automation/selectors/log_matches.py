"""Where a text stands in the logs of some executions: one query, and the lines that it found."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from psycopg.errors import QueryCanceled

STREAMS: Final = ("command", "stdout", "stderr", "error")
"""What is looked through, as people and clients call it: an action's command, outputs and error."""
SHOWN: Final = 3
"""How many places of one log are shown; the others are counted."""
_BEFORE: Final = 200
_AROUND: Final = 600
"""Characters of an excerpt, from which the line is cut."""
_LONGEST: Final = 300
_COLUMNS: Final = {
    "command": "l.command",
    "stdout": "l.stdout",
    "stderr": "l.stderr",
    "error": "l.error_message",
}
# A log is found by its execution and month: only the rows of these executions are read. Only
# names of columns and numbers of ours are put together.
_QUERY: Final = """
SELECT * FROM (
    SELECT l.execution_id, l.seq, l.step_number, l.step_name, s.stream,
           substr(s.text, greatest({position} - %(before)s, 1), %(around)s),
           count(*) OVER (PARTITION BY l.execution_id) AS total,
           row_number() OVER (PARTITION BY l.execution_id ORDER BY l.seq, s.rank) AS place
      FROM automation_executionlog l
     CROSS JOIN LATERAL (VALUES {streams}) AS s (rank, stream, text)
     WHERE l.execution_id = ANY(%(executions)s)
       AND l.queued_at BETWEEN %(oldest)s AND %(newest)s
       AND {holds}
) AS found
 WHERE place <= %(shown)s
 ORDER BY execution_id, place
"""


class TooSlow(Exception):
    """The logs of these executions are more than can be read in the time."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """What is looked for, and where."""

    text: str
    streams: tuple[str, ...] = STREAMS
    is_case_kept: bool = False
    """Whether upper and lower case differ; several times faster."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a log that holds the text: what stands before it, the text, what stands behind."""

    seq: int
    step_number: int
    step_name: str
    stream: str
    before: str
    match: str
    after: str

    @property
    def text(self) -> str:
        """The line as a whole."""
        return f"{self.before}{self.match}{self.after}"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the text stands in one execution's log."""

    total: int
    lines: tuple[Line, ...]
    """The first of them, in order."""


Spot = tuple[UUID, datetime]
"""An execution, and when it was queued."""


def places(sought: Text, among: Sequence[Spot], *, seconds: float) -> dict[UUID, Places]:
    """Return where the text stands, by execution; those without it are left out.

    Raises :class:`TooSlow` after so many seconds.
    """
    asked: dict[str, Any] = {
        "executions": [pk for pk, _ in among],
        "oldest": min(at for _, at in among),
        "newest": max(at for _, at in among),
        "text": sought.text,
        "pattern": f"%{_literal(sought.text)}%",
        "before": _BEFORE,
        "around": _AROUND + len(sought.text),
        "shown": SHOWN,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            limit = str(max(round(seconds * 1000), 1))
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
            cursor.execute(_query(sought), asked)
            rows = cursor.fetchall()
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except DatabaseError as problem:
        if isinstance(problem.__cause__, QueryCanceled):
            raise TooSlow from problem
        raise
    return _by_execution(sought, rows)


def _query(sought: Text) -> str:
    kept = sought.is_case_kept
    streams = ", ".join(
        f"({rank}, '{stream}', {_COLUMNS[stream]})" for rank, stream in _ranked(sought.streams)
    )
    return _QUERY.format(
        streams=streams,
        holds="strpos(s.text, %(text)s) > 0" if kept else "s.text ILIKE %(pattern)s",
        position="strpos(s.text, %(text)s)" if kept else "strpos(lower(s.text), lower(%(text)s))",
    )


def _ranked(streams: Collection[str]) -> list[tuple[int, str]]:
    return [(rank, stream) for rank, stream in enumerate(STREAMS) if stream in streams]


def _literal(text: str) -> str:
    """Return a text for LIKE that stands for itself alone."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def _by_execution(sought: Text, rows: Sequence[Any]) -> dict[UUID, Places]:
    lines: dict[UUID, list[Line]] = {}
    totals: dict[UUID, int] = {}
    for pk, seq, step_number, step_name, stream, excerpt, total, _place in rows:
        before, match, after = _cut(excerpt, sought)
        line = Line(
            seq=seq,
            step_number=step_number,
            step_name=step_name,
            stream=stream,
            before=before,
            match=match,
            after=after,
        )
        lines.setdefault(pk, []).append(line)
        totals[pk] = total
    return {pk: Places(total=totals[pk], lines=tuple(found)) for pk, found in lines.items()}


def _cut(excerpt: str, sought: Text) -> tuple[str, str, str]:
    """Return the line with the text, cut at both ends where it is long."""
    flags = 0 if sought.is_case_kept else re.IGNORECASE
    found = re.search(re.escape(sought.text), excerpt, flags)
    start, end = found.span() if found else (0, 0)
    before = excerpt[:start].rpartition("\n")[2][-_BEFORE:]
    after = excerpt[end:].partition("\n")[0]
    return before, excerpt[start:end], after[: max(_LONGEST - len(before), 0)]
