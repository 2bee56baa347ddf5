"""A warning where the application's role owns the audit trail, and so could get around it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - Django's name
from django.db import connections

_OWNED = """
SELECT pg_has_role(c.relowner, 'USAGE')
  FROM pg_class c WHERE c.oid = to_regclass('audit_auditevent')
"""


@register(Tags.database)
def owner_is_another(databases: Sequence[str] | None, **_: Any) -> list[CheckMessage]:
    """Look whether the role that works with the trail owns it: it could drop the triggers then."""
    if "default" not in (databases or ()):
        return []
    connection = connections["default"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        is_app = cursor.fetchone()[0] == settings.DATABASES["default"]["USER"]
        cursor.execute(_OWNED)
        row = cursor.fetchone()
    if row is None or not row[0] or (settings.DATABASE_OWNER and not is_app):
        return []
    return [
        Warning(
            "The role of DATABASE_URL owns the audit trail: whoever gets hold of it can take the "
            "triggers away that keep events from being changed.",
            hint="Let another role own the tables and name it in DATABASE_OWNER_URL for `migrate`; "
            "docs/guide/audit.md has the SQL.",
            id="audit.W001",
        )
    ]
