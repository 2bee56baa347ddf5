"""What the application's role may do in the database: all it needs, and no change of the trail."""

from typing import Any, Final

from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from psycopg import sql

from opsmanager.audit.trail import COLUMNS

_APPEND_ONLY: Final = ("audit_auditevent", "audit_seal", "audit_sealmember", "audit_droppedmonth")
_FUNCTIONS: Final = (
    "make_month_partition(text, date)",
    "audit_seal_events(integer)",
    "audit_drop_month(date, integer)",
)
_STANDING: Final = """
SELECT current_user, to_regrole(quote_ident(%s)) IS NOT NULL, pg_get_userbyid(relowner)
  FROM pg_class WHERE oid = 'audit_auditevent'::regclass
"""
_TABLES: Final = """
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
   AND NOT c.relispartition
   AND pg_has_role(c.relowner, 'USAGE')
 ORDER BY c.relname
"""
_PARTITIONS: Final = """
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relispartition AND c.relkind = 'r'
   AND pg_has_role(c.relowner, 'USAGE')
"""
_SEQUENCES: Final = """
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
   AND pg_has_role(c.relowner, 'USAGE')
"""


def after_migration(**_: Any) -> None:
    """Give the application's role its rights on what the owner has just migrated.

    Raises :class:`CommandError` where there is no such role, or the tables are another's.
    """
    if not settings.DATABASE_OWNER:
        return
    role = str(settings.DATABASES["default"]["USER"])
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [role])
        current, is_known, owner = cursor.fetchone()
    if current == role:
        return
    if not is_known:
        raise CommandError(
            f"DATABASE_URL names the role {role}, which PostgreSQL does not know. Make it first: "
            f'CREATE ROLE "{role}" LOGIN PASSWORD …'
        )
    if owner != current:
        raise CommandError(
            f"The tables belong to {owner}, not to {current}, the role of DATABASE_OWNER_URL. Hand "
            f'them over as a superuser: REASSIGN OWNED BY "{owner}" TO "{current}"'
        )
    give(role)


def give(role: str) -> None:
    """Let the role work with every table of the current one, and only add to the audit trail."""
    who = sql.Identifier(role)
    with connection.cursor() as cursor:

        def do(statement: str, *, name: str = "", **parts: sql.Composable) -> None:
            query = sql.SQL(statement).format(role=who, name=sql.Identifier(name), **parts)
            cursor.execute(query.as_string(cursor.connection))

        def names(query: str) -> list[str]:
            cursor.execute(query)
            return [row[0] for row in cursor.fetchall()]

        # Nobody else's functions and tables may stand where the trail's own functions look.
        do("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}")
        cursor.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [role])
        if cursor.fetchone()[0]:
            # As in databases of PostgreSQL 14 and before, whose schema belongs to the superuser.
            raise CommandError(
                f"The role {role} may create what it likes in the schema public, and so lead the "
                "audit trail's own functions astray. Run as a superuser: "
                "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
            )
        do("GRANT USAGE ON SCHEMA public TO {role}")
        for table in names(_TABLES):
            do("REVOKE ALL ON {name} FROM {role}", name=table)
            if table in _APPEND_ONLY:
                do("GRANT SELECT ON {name} TO {role}", name=table)
            else:
                do("GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {role}", name=table)
        # They are reached by way of their table only.
        for table in names(_PARTITIONS):
            do("REVOKE ALL ON {name} FROM {role}", name=table)
        for sequence in names(_SEQUENCES):
            do("REVOKE ALL ON SEQUENCE {name} FROM {role}", name=sequence)
            if sequence != "audit_event_seq":
                do("GRANT USAGE ON SEQUENCE {name} TO {role}", name=sequence)
        columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
        do("GRANT INSERT ({columns}) ON audit_auditevent TO {role}", columns=columns)
        for function in _FUNCTIONS:
            do("GRANT EXECUTE ON FUNCTION {function} TO {role}", function=sql.SQL(function))
