"""A13: whoever runs as the application can add to the trail, and do nothing else to it."""

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from opsmanager.audit import sealing, trail
from opsmanager.audit.verify import verify
from opsmanager.common.partitions import make_partitions
from servers.models import ServerGroup

SIDES = (
    "verb, outcome, actor_type, actor_id, actor_name, target_type, target_id, target_name,"
    " message, details"
)
VALUES = "'TEST', 'OK', 'USER', '', '', '', '', '', '', '{}'"
RECORD = f"INSERT INTO audit_auditevent ({SIDES}) VALUES ({VALUES}) RETURNING seq, at, xid"
PARTITION = "(SELECT max(relid::text) FROM pg_partition_tree('audit_auditevent') WHERE isleaf)"

ATTACKS = (
    "UPDATE audit_auditevent SET verb = 'X'",
    "UPDATE audit_auditevent SET message = message WHERE false",
    "DELETE FROM audit_auditevent",
    "TRUNCATE audit_auditevent",
    "TRUNCATE {partition}",
    "UPDATE {partition} SET verb = 'X'",
    "DELETE FROM {partition}",
    f"INSERT INTO {{partition}} (seq, at, {SIDES}) VALUES (1, now(), {VALUES})",
    f"INSERT INTO audit_auditevent (seq, {SIDES}) VALUES (1, {VALUES})",
    f"INSERT INTO audit_auditevent (at, {SIDES}) VALUES (now() - interval '1 minute', {VALUES})",
    f"INSERT INTO audit_auditevent (xid, {SIDES}) VALUES ('7', {VALUES})",
    (
        f"INSERT INTO audit_auditevent ({SIDES}) VALUES ({VALUES}) "
        "ON CONFLICT (seq, at) DO UPDATE SET verb = 'X'"
    ),
    (
        "MERGE INTO audit_auditevent e USING (SELECT 1) AS one ON true "
        "WHEN MATCHED THEN UPDATE SET verb = 'X'"
    ),
    "DROP TABLE audit_auditevent",
    "DROP TABLE {partition}",
    "ALTER TABLE audit_auditevent DETACH PARTITION {partition}",
    "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
    "ALTER TABLE {partition} DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_stamp ON audit_auditevent",
    "DROP FUNCTION audit_refuse() CASCADE",
    (
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NULL; END $$"
    ),
    (
        "CREATE TRIGGER mine BEFORE INSERT ON audit_auditevent "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    ),
    "CREATE RULE mine AS ON INSERT TO audit_auditevent DO INSTEAD NOTHING",
    "ALTER TABLE audit_auditevent OWNER TO CURRENT_USER",
    "SET session_replication_role = replica",
    "SELECT setval('audit_event_seq', 1)",
    "SELECT nextval('audit_event_seq')",
    "ALTER SEQUENCE audit_event_seq RESTART",
    "UPDATE audit_seal SET chain = prev",
    "DELETE FROM audit_seal",
    "TRUNCATE audit_seal",
    (
        "INSERT INTO audit_seal SELECT n + 1, at, month, first_seq, last_seq, events, horizon,"
        " digest, prev, chain FROM audit_seal"
    ),
    "UPDATE audit_sealmember SET leaf = ''",
    "DELETE FROM audit_sealmember",
    "INSERT INTO audit_sealmember VALUES (1, '2026-11-01', 1, '')",
    "INSERT INTO audit_droppedmonth VALUES ('2026-11-01', now(), 1, 1, 1, '')",
    "CREATE FUNCTION public.to_char(timestamp, text) RETURNS text LANGUAGE sql AS $$ SELECT '' $$",
)


def shown() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.*, m.n, m.leaf FROM audit_auditevent e JOIN audit_sealmember m"
            " USING (seq) ORDER BY seq"
        )
        return cursor.fetchall()


def test_the_applications_role_can_change_nothing_by_any_of_many_ways(
    app: psycopg.Connection,
) -> None:
    trail.record("BEFORE", actor=None)
    sealing.seal()
    before = shown()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {PARTITION}")
        partition = cursor.fetchone()[0]
    passed = []
    for attack in ATTACKS:
        try:
            app.execute(attack.replace("{partition}", partition))
        except psycopg.errors.InsufficientPrivilege:
            continue
        except psycopg.Error as problem:
            passed.append(f"{attack}: {problem}")
        else:
            passed.append(attack)
    assert passed == []
    assert shown() == before
    assert verify().is_whole


def test_the_applications_role_does_all_that_its_work_needs(app: psycopg.Connection) -> None:
    first = app.execute(RECORD).fetchone()
    second = app.execute(RECORD).fetchone()
    assert first is not None
    assert second is not None
    assert second[0] > first[0]
    assert second[1] > first[1]
    assert app.execute("SELECT audit_seal_events(100)").fetchone() == (2,)
    assert app.execute("SELECT count(*) FROM audit_verify('5 minutes')").fetchone() == (0,)
    app.execute(
        "INSERT INTO servers_servergroup (id, name, description, created_at, updated_at)"
        " VALUES (gen_random_uuid(), 'web', '', now(), now())"
    )
    app.execute("UPDATE servers_servergroup SET name = 'Web'")
    app.execute("DELETE FROM servers_servergroup")
    assert not ServerGroup.objects.exists()


def test_the_applications_role_makes_partitions_by_way_of_the_owner(
    app: psycopg.Connection,
) -> None:
    with app.transaction(force_rollback=True):
        name = app.execute("SELECT make_month_partition('audit_auditevent', '2043-02-17')")
        assert name.fetchone() == ("audit_auditevent_2043_02",)
        for change in ("TRUNCATE audit_auditevent_2043_02", "DROP TABLE audit_auditevent_2043_02"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                app.transaction(),
            ):
                app.execute(change)
    for other in ("servers_server", "audit_seal", "audit_auditevent; DROP TABLE audit_seal"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no table with a partition"):
            app.execute("SELECT make_month_partition(%s, '2043-02-17')", [other])


def test_what_the_owner_does_for_the_role_can_not_be_led_astray(app: psycopg.Connection) -> None:
    app.execute("CREATE TEMP TABLE audit_auditevent (LIKE public.audit_auditevent)")
    app.execute("CREATE TEMP TABLE audit_seal (LIKE public.audit_seal)")
    app.execute("SET search_path = pg_temp, public")
    trail.record("REAL", actor=None)
    assert app.execute("SELECT audit_seal_events(100)").fetchone() == (1,)
    assert app.execute("SELECT count(*) FROM public.audit_seal").fetchone() == (1,)
    assert verify().is_whole


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_auditevent SET verb = 'X'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "TRUNCATE {partition}",
        "DELETE FROM {partition}",
        "TRUNCATE {made}",
        "UPDATE audit_seal SET at = now()",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal",
        "UPDATE audit_sealmember SET leaf = ''",
        "DELETE FROM audit_sealmember",
        "TRUNCATE audit_sealmember",
        "TRUNCATE audit_sealmember_default",
        "TRUNCATE audit_droppedmonth",
    ],
)
def test_where_one_role_does_all_the_triggers_refuse_still(change: str) -> None:
    event = trail.record("BEFORE", actor=None)
    sealing.seal()
    (made,) = make_partitions(("audit_auditevent",), now=event.at.replace(year=2043), ahead=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM audit_auditevent")
        partition = cursor.fetchone()[0]
        with (
            pytest.raises(DatabaseError, match="The audit trail is append-only"),
            transaction.atomic(),
        ):
            cursor.execute(change.replace("{partition}", partition).replace("{made}", made))
    assert verify().is_whole


@pytest.mark.django_db
def test_number_time_and_transaction_are_never_what_a_client_says() -> None:
    real = trail.record("REAL", actor=None)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO audit_auditevent (seq, at, xid, {SIDES})"
            f" VALUES (1, date_trunc('month', now()), '7', {VALUES}) RETURNING seq, at, xid::text"
        )
        seq, at, xid = cursor.fetchone()
    assert seq > real.seq
    assert at > real.at
    assert xid != "7"


@pytest.mark.django_db
@pytest.mark.parametrize("at", ["1999-01-01", "now() + interval '40 days'", "infinity"])
def test_a_time_in_another_month_is_refused(at: str) -> None:
    value = at if "(" in at else f"'{at}'"
    with (
        pytest.raises(DatabaseError, match="set by the database"),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"INSERT INTO audit_auditevent (at, {SIDES}) VALUES ({value}, {VALUES})")
