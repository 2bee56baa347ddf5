"""Rows that other connections can see: committed, and deleted again when the test is over."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection, connections, transaction

from tests.automation.samples import SAMPLES
from tests.support.postgresql.base import LOCK, UNLOCK

_TABLES = (
    "notifications_delivery",
    "notifications_channel",
    "incidents_timelineentry",
    "incidents_ruledecision",
    "incidents_rulebreaker",
    "incidents_remediationrule",
    "incidents_incident",
    "incidents_delivery",
    "incidents_seendelivery",
    "incidents_source",
    "automation_scheduleslot",
    "automation_schedule",
    "automation_template",
    "automation_approvalvote",
    "automation_approval",
    "automation_executionlog",
    "automation_execution",
    "automation_batch",
    "automation_secretparameters",
    "automation_spentkey",
    "servers_probe",
    "servers_hostkey",
    "guardian_userobjectpermission",
    "servers_server_groups",
    "servers_server",
    "servers_servergroup",
    "servers_credential",
    "common_pulse",
    "common_origin",
    "django_celery_beat_periodictask",
)
_AUDIT = ("audit_auditevent", "audit_seal", "audit_sealmember", "audit_droppedmonth")


def delete_all() -> None:
    """Delete what tests commit; what migrations made stays."""
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DELETE FROM {table}")
        with transaction.atomic():
            cursor.execute(UNLOCK)
            for table in _AUDIT:
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute(LOCK)
        for table in (
            "accounts_apilogin",
            "accounts_apitoken",
            "accounts_browsersession",
            "accounts_loginthrottle",
            "accounts_user_groups",
            "accounts_user_user_permissions",
            "django_admin_log",
        ):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM accounts_user WHERE username <> 'AnonymousUser'")
        cursor.execute(
            "DELETE FROM automation_catalogentry WHERE runbook_id = ANY(%s)",
            [[*(runbook.id for runbook in SAMPLES), "GONE"]],
        )


def terminate_backends() -> None:
    """End every connection of the test database, as a failing PostgreSQL would."""
    name = connection.settings_dict["NAME"]
    connection.close()
    with _beside() as other:
        _terminate(other, str(name))


@contextmanager
def outage() -> Iterator[None]:
    """Nobody can connect to the test database meanwhile, and who was connected is cut off."""
    name = connection.settings_dict["NAME"]
    connections.close_all()
    with _beside() as other:
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            _terminate(other, str(name))
            yield
        finally:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def _beside() -> psycopg.Connection:
    """Connect to the database beside that of the tests."""
    one = settings.DATABASES["default"]
    return psycopg.connect(
        host=one["HOST"],
        port=one["PORT"],
        user=one["USER"],
        password=one["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    )


def _terminate(other: psycopg.Connection, name: str) -> None:
    other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
    )
