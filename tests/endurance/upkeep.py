"""Upkeep under load: months are made and dropped and leftovers deleted, as beat asks for it.

Beat does so a few times a day; here it is asked for again and again, each time with something old
there that has to go, and every other time beside a backup, which holds all tables for a while.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Final

import psycopg
from celery import Celery
from psycopg import sql
from psycopg.conninfo import make_conninfo

from opsmanager.common.partitions import PARTITIONED_TABLES
from opsmanager.embedded.postgres import SUPERUSER
from opsmanager.embedded.secrets import OWNER_URL
from tests.endurance.clients import Desk
from tests.faults.world import World

BACKUP_SECONDS: Final = 6.0
_PATIENCE: Final = 400.0
_ASK_AGAIN: Final = 20.0
_LOOK_SECONDS: Final = 0.25
_EVENTS: Final = 300
_LEFTOVERS: Final = 200
_AHEAD: Final = 3
_ASKED_FOR: Final = (
    ("opsmanager.common.tasks.make_partitions", "maintenance"),
    ("opsmanager.audit.tasks.let_old_months_go", "maintenance"),
    ("opsmanager.accounts.tasks.prune_logins", "maintenance"),
    ("automation.tasks.prune_leftovers", "maintenance"),
    ("incidents.tasks.prune_deliveries", "incidents"),
    ("opsmanager.notifications.tasks.forget_old", "notifications"),
)
# Triggers stamp an event with the time of now, but not those of a replica's session.
_EVENTS_OF = """
INSERT INTO audit_auditevent (seq, at, verb, outcome, actor_type, actor_id, actor_name,
                              target_type, target_id, target_name, message, details)
SELECT nextval('audit_event_seq'), %(month)s::date + interval '1 day', 'TEST', 'OK', 'ANONYMOUS',
       '', '', '', '', '', '', '{}' FROM generate_series(1, %(count)s)
"""
_SPENT_KEYS = """
INSERT INTO automation_spentkey (user_id, idempotency_key, spent_at)
SELECT (SELECT id FROM accounts_user LIMIT 1), 'old-' || gen_random_uuid(),
       clock_timestamp() - interval '100 days' FROM generate_series(1, %(count)s)
"""
_SECRETS = """
INSERT INTO automation_secretparameters (id, runbook_id, sealed, created_at)
SELECT gen_random_uuid(), (SELECT id FROM automation_catalogentry LIMIT 1), '{}', now()
  FROM generate_series(1, %(count)s)
"""
_LEFT = """
SELECT (SELECT count(*) FROM automation_spentkey)
     + (SELECT count(*) FROM automation_secretparameters)
"""


class Upkeep:
    """Asks for all upkeep again and again, until it is closed."""

    def __init__(self, world: World, desk: Desk, *, pause: float) -> None:
        self.done: Counter[str] = Counter()
        """What was asked for and came about."""
        self._world = world
        self._desk = desk
        self._pause = pause
        self._superuser = make_conninfo(
            world.stack.plan.services[OWNER_URL],
            user=SUPERUSER,
            password=world.stack.plan.secrets.password("POSTGRES_SUPERUSER_PASSWORD"),
        )
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_up)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End the round that has begun, and begin no other one."""
        self._closing.set()
        self._thread.join()

    def _keep_up(self) -> None:
        number = 0
        while not self._closing.wait(self._pause):
            month = date(1990 + number // 12, number % 12 + 1, 1)
            try:
                self._round(month, beside_backup=number % 2 == 1)
            except psycopg.Error as problem:
                self._desk.wrong.append(f"upkeep: {problem!r}")
            number += 1

    def _round(self, month: date, *, beside_backup: bool) -> None:
        self._grow_old(month)
        if beside_backup:
            with self._backup():
                self._ask()
                time.sleep(BACKUP_SECONDS)
        asked_at = 0.0
        deadline = time.monotonic() + _PATIENCE
        while left := self._left(month):
            if time.monotonic() > deadline:
                self._desk.wrong.append(f"upkeep: {left} {_PATIENCE:.0f} s later.")
                return
            if time.monotonic() - asked_at > _ASK_AGAIN:
                self._ask()
                asked_at = time.monotonic()
            time.sleep(_LOOK_SECONDS)
        self.done["months dropped"] += 1
        self.done["partitions made"] += len(PARTITIONED_TABLES)
        self.done["leftovers deleted"] += 2 * _LEFTOVERS
        self.done["rounds beside a backup"] += beside_backup

    def _grow_old(self, month: date) -> None:
        """Have an old month with events, leftovers, and the last month ahead not made yet."""
        with psycopg.connect(self._superuser, autocommit=True) as owner:
            owner.execute("SET lock_timeout = '300ms'")
            for table in PARTITIONED_TABLES:
                _surely(owner, "SELECT make_month_partition(%s, %s)", table, month)
                gone = sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(_ahead(table)))
                _surely(owner, gone)
            owner.execute("SET session_replication_role = replica")
            owner.execute(_EVENTS_OF, {"month": month, "count": _EVENTS})
            owner.execute("RESET session_replication_role")
            owner.execute(_SPENT_KEYS, {"count": _LEFTOVERS})
            owner.execute(_SECRETS, {"count": _LEFTOVERS})

    def _ask(self) -> None:
        app = Celery(broker=self._world.redis_url)
        with app.connection_for_write() as connection:
            for task, queue in _ASKED_FOR:
                app.send_task(task, queue=queue, connection=connection)

    def _left(self, month: date) -> str:
        """Return what is still to be done, in words."""
        with psycopg.connect(self._world.database_url) as connection:
            missing = [
                table for table in PARTITIONED_TABLES if not _is_there(connection, _ahead(table))
            ]
            old = f"audit_auditevent_{month:%Y_%m}"
            row = connection.execute(_LEFT).fetchone()
            leftovers = row[0] if row else 0
            if missing or leftovers or _is_there(connection, old):
                kept = old if _is_there(connection, old) else "no old month"
                return f"missing {missing}, {leftovers} leftovers, {kept}"
        return ""

    @contextmanager
    def _backup(self) -> Iterator[None]:
        """Hold all tables as pg_dump does."""
        with psycopg.connect(self._superuser) as connection:
            for table in PARTITIONED_TABLES:
                name = sql.Identifier(table)
                connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(name))
            self._desk.during = ", beside a backup"
            try:
                yield
            finally:
                self._desk.during = ""


def _surely(connection: psycopg.Connection, query: str | sql.Composed, *values: object) -> None:
    """Do what waits for a lock for a moment only, until it gets it."""
    while True:
        try:
            connection.execute(query, values or None)
            return
        except psycopg.errors.LockNotAvailable:
            time.sleep(_LOOK_SECONDS)


def _is_there(connection: psycopg.Connection, table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    return bool(row and row[0])


def _ahead(table: str) -> str:
    """Return the name of the table's last partition that is made ahead."""
    now = datetime.now(UTC)
    year, month = divmod(now.year * 12 + now.month - 1 + _AHEAD, 12)
    return f"{table}_{year}_{month + 1:02}"
