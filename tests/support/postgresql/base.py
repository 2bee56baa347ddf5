"""The backend, whose flush also empties the audit trail: as its owner, past the triggers."""

from opsmanager.common.postgresql import base

_TABLES = "audit_auditevent", "audit_seal", "audit_sealmember", "audit_droppedmonth"
_TRIGGERS = """
DO $$
DECLARE
    place regclass;
BEGIN
    FOR place IN SELECT parent FROM unnest(ARRAY[{tables}]::regclass[]) AS parent
                 UNION SELECT relid FROM unnest(ARRAY[{tables}]::regclass[]) AS parent,
                                         pg_partition_tree(parent) LOOP
        EXECUTE format('ALTER TABLE ONLY %s {verb} TRIGGER USER', place);
    END LOOP;
END $$
"""
_NAMES = ", ".join(f"'{table}'" for table in _TABLES)

UNLOCK = _TRIGGERS.format(tables=_NAMES, verb="DISABLE")
LOCK = _TRIGGERS.format(tables=_NAMES, verb="ENABLE")


class DatabaseOperations(base.DatabaseOperations):
    """Knows how to flush."""

    def sql_flush(self, style, tables, *, reset_sequences=False, allow_cascade=False):
        rest = [table for table in tables if table not in _TABLES]
        flush = super().sql_flush(
            style,
            [*rest, *_TABLES],
            reset_sequences=reset_sequences,
            allow_cascade=allow_cascade,
        )
        return [UNLOCK, *flush, LOCK]


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of the tests."""

    ops_class = DatabaseOperations
