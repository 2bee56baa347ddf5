"""A15: months leave whole, old, sealed and untouched, or not at all; the chain stays whole."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from opsmanager.audit import retention, sealing, tasks, trail
from opsmanager.audit.models import AuditEvent, Seal
from opsmanager.audit.verify import verify
from opsmanager.common.partitions import make_partitions
from tests.support.audit import past_event, tamper

OLD = datetime(2021, 12, 1, tzinfo=UTC)
MONTH = OLD.date()


@pytest.fixture
def old() -> list[AuditEvent]:
    """Events of two old months and one of today, sealed."""
    make_partitions(now=OLD, ahead=1)
    events = [past_event(OLD + timedelta(days=days)) for days in (0, 30, 31, 40)]
    events.append(trail.record("TODAY", actor=None))
    assert sealing.seal() == 5
    return events


def drop(month: date | None, keep_days: int | None = 365) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_drop_month(%s, %s)", [month, keep_days])
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_an_old_month_leaves_and_the_chain_stays_whole(old: list[AuditEvent]) -> None:
    seals = list(Seal.objects.values_list("n", "chain"))
    assert drop(MONTH) == 2
    assert not AuditEvent.objects.filter(at__lt=datetime(2022, 1, 1, tzinfo=UTC)).exists()
    assert MONTH not in retention.months()
    told = AuditEvent.objects.get(verb="AUDIT_MONTH_DROPPED")
    assert (told.target_id, told.details) == ("2021-12", {"events": 2, "keptDays": 365})
    assert told.actor_type == "DATABASE"
    assert sealing.seal() == 1
    assert [row for row in Seal.objects.values_list("n", "chain") if row in seals] == seals
    assert verify().is_whole
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('audit_sealmember_2021_12')")
        assert cursor.fetchone() == (None,)
    with pytest.raises(DatabaseError, match="no partition of the month"):
        drop(MONTH)


@pytest.mark.django_db
def test_after_a_month_has_left_its_seal_is_still_watched(old: list[AuditEvent]) -> None:
    drop(MONTH)
    sealing.seal()
    tamper("UPDATE audit_droppedmonth SET chain = ''")
    assert [problem.code for problem in verify().problems] == ["MONTH_CHANGED"]
    assert verify().problems[0].month == MONTH


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("month", "days", "why"),
    [
        (MONTH, 89, "at least 90 days"),
        (MONTH, 0, "at least 90 days"),
        (MONTH, -1000, "at least 90 days"),
        (MONTH, None, "at least 90 days"),
        (MONTH, 36_500, "not 36500 days old yet"),
        (date(2021, 12, 2), 365, "no partition of the month"),
        (date(1999, 1, 1), 365, "no partition of the month"),
        (None, 365, "no partition of the month"),
        (datetime.now(UTC).date().replace(day=1), 90, "not 90 days old yet"),
    ],
)
def test_what_may_not_leave_is_refused(
    old: list[AuditEvent], month: date | None, days: int | None, why: str
) -> None:
    with pytest.raises(DatabaseError, match=why):
        drop(month, days)
    assert AuditEvent.objects.count() == 5
    assert verify().is_whole


@pytest.mark.django_db
def test_a_month_with_an_event_that_is_not_sealed_stays(old: list[AuditEvent]) -> None:
    past_event(OLD + timedelta(days=3))
    with pytest.raises(DatabaseError, match="1 events of 2021_12 are not sealed yet"):
        drop(MONTH)
    assert AuditEvent.objects.count() == 6
    assert sealing.seal() == 1
    assert drop(MONTH) == 3


@pytest.mark.django_db
def test_a_month_that_was_tampered_with_is_evidence_and_stays(old: list[AuditEvent]) -> None:
    tamper("UPDATE audit_auditevent SET message = 'x' WHERE seq = %s", old[0].seq)
    with pytest.raises(DatabaseError, match="not whole"):
        drop(MONTH)
    assert drop(date(2022, 1, 1)) == 2


def test_the_applications_role_lets_months_go_only_by_these_rules(
    app: psycopg.Connection,
) -> None:
    make_partitions(now=OLD, ahead=0)
    event = past_event(OLD)
    with pytest.raises(psycopg.Error, match="not sealed yet"):
        app.execute("SELECT audit_drop_month('2021-12-01', 90)")
    sealing.seal()
    with pytest.raises(psycopg.Error, match="at least 90 days"):
        app.execute("SELECT audit_drop_month('2021-12-01', 1)")
    assert AuditEvent.objects.filter(seq=event.seq).exists()
    assert app.execute("SELECT audit_drop_month('2021-12-01', 90)").fetchone() == (1,)
    told = AuditEvent.objects.get()
    assert (told.verb, told.actor_name) == ("AUDIT_MONTH_DROPPED", app.info.user)


@pytest.mark.django_db
def test_beat_lets_go_what_was_kept_for_long_enough(
    old: list[AuditEvent], settings, tmp_path: Path
) -> None:
    settings.AUDIT_EXPORT_FOLDER = str(tmp_path)
    limit = datetime(2022, 2, 1, tzinfo=UTC) + timedelta(days=settings.AUDIT_RETENTION_DAYS)
    assert retention.too_old(now=limit) == [MONTH, date(2022, 1, 1)]
    assert retention.too_old(now=limit - timedelta(seconds=1)) == [MONTH]
    tasks.let_old_months_go()
    assert retention.too_old() == []
    lines = (tmp_path / "audit-2021-12.jsonl").read_bytes()
    assert [json.loads(line)["seq"] for line in lines.splitlines()] == [
        event.seq for event in old[:2]
    ]
    digest = (tmp_path / "audit-2021-12.jsonl.sha256").read_text()
    assert digest == f"{hashlib.sha256(lines).hexdigest()}  audit-2021-12.jsonl\n"


@pytest.mark.django_db
def test_a_month_that_can_not_be_exported_stays(
    old: list[AuditEvent], settings, tmp_path: Path
) -> None:
    settings.AUDIT_EXPORT_FOLDER = str(tmp_path / "none")
    assert retention.let_old_months_go() == []
    assert AuditEvent.objects.count() == 5


@pytest.mark.django_db
def test_a_month_is_exported_by_hand(old: list[AuditEvent], tmp_path: Path) -> None:
    out = StringIO()
    call_command("export_audit", "2022-01", str(tmp_path / "january"), stdout=out)
    events = [json.loads(line) for line in (tmp_path / "january").read_text().splitlines()]
    assert [event["seq"] for event in events] == [old[2].seq, old[3].seq]
    assert events[0]["at"] == "2022-01-01T00:00:00+00:00"
    assert "2 events of 2022-01" in out.getvalue()
    for month in ("2022", "2022-13", "January"):
        with pytest.raises(CommandError, match="is no month"):
            call_command("export_audit", month, str(tmp_path / "x"))
    with pytest.raises(CommandError, match="can't be written"):
        call_command("export_audit", "2022-01", str(tmp_path / "none" / "x"))
