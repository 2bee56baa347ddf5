"""Which database this is: nothing is begun by itself in one that was restored or copied.

A database remembers, in one row, the cluster and the number by which PostgreSQL knows it. Neither
is in a dump, so where a dump was loaded, or the database copied, the row names another one. Claims
ask for that in their own statement, by ``common_is_foreign()``.
"""

from typing import Any, Final

from django.db import connection

_NOTE: Final = """
INSERT INTO common_origin (id, cluster, database) SELECT 1, cluster, database FROM common_here()
ON CONFLICT (id) DO NOTHING
"""
_ACCEPT: Final = """
INSERT INTO common_origin (id, cluster, database) SELECT 1, cluster, database FROM common_here()
ON CONFLICT (id) DO UPDATE
   SET cluster = excluded.cluster, database = excluded.database, noted_at = clock_timestamp()
"""
_DOUBT: Final = """
INSERT INTO common_origin (id, cluster, database) VALUES (1, 0, 0)
ON CONFLICT (id) DO UPDATE SET cluster = 0, database = 0, noted_at = clock_timestamp()
"""


def note() -> None:
    """Remember that the rows belong to this database, where nobody has done so."""
    _asked(_NOTE)


def accept() -> None:
    """Remember it, whatever database they belonged to: somebody has settled what it held."""
    _asked(_ACCEPT)


def touch() -> None:
    """Commit a change that changes nothing: then all that was committed before is on disk."""
    _asked("UPDATE common_origin SET noted_at = noted_at")


def doubt() -> None:
    """Have nothing begun here until somebody accepts it: it knows less than it did."""
    _asked(_DOUBT)


def is_foreign() -> bool:
    """Whether nothing may be begun here before somebody has settled what a backup held."""
    return bool(_asked("SELECT common_is_foreign()"))


def name() -> str:
    """Return a name that no other database has."""
    return str(_asked("SELECT cluster || ':' || database FROM common_here()"))


def _asked(statement: str) -> Any:
    """Return the first value of the first row, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None
