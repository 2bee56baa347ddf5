"""The chain of hashes over the events: sealing, verifying, and letting old months go."""

from django.db import migrations, models

TABLES = """
CREATE TABLE audit_seal (
    n bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    month date NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    events integer NOT NULL,
    horizon xid8 NOT NULL,
    digest bytea NOT NULL,
    prev bytea NOT NULL,
    chain bytea NOT NULL
);
CREATE TABLE audit_sealmember (
    seq bigint NOT NULL,
    month date NOT NULL,
    n bigint NOT NULL,
    leaf bytea NOT NULL,
    PRIMARY KEY (seq, month)
) PARTITION BY RANGE (month);
CREATE INDEX audit_member_of ON audit_sealmember (n);
CREATE TABLE audit_sealmember_default PARTITION OF audit_sealmember DEFAULT;
CREATE TABLE audit_droppedmonth (
    month date PRIMARY KEY,
    dropped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    events bigint NOT NULL,
    last_n bigint NOT NULL,
    last_seq bigint NOT NULL,
    chain bytea NOT NULL
);
DO $$
DECLARE
    place text;
BEGIN
    FOREACH place IN ARRAY ARRAY['audit_seal', 'audit_sealmember', 'audit_droppedmonth'] LOOP
        EXECUTE format('CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON %I '
                       'FOR EACH ROW EXECUTE FUNCTION audit_refuse()', place);
        EXECUTE format('CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON %I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()', place);
    END LOOP;
    CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_sealmember_default
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
    FOR place IN SELECT relid::regclass::text FROM pg_partition_tree('audit_auditevent')
                  WHERE isleaf AND relid::regclass::text ~ '_[0-9]{4}_[0-9]{2}$' LOOP
        PERFORM make_month_partition('audit_sealmember',
                                     to_date(right(place, 7), 'YYYY_MM'));
    END LOOP;
END $$;
"""

UNTABLES = "DROP TABLE audit_droppedmonth, audit_sealmember, audit_seal;"

# Their bodies are read once, here: whatever the search path of whoever calls them, they mean this.
HASHES = r"""
CREATE FUNCTION audit_month(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', moment AT TIME ZONE 'UTC')::date;

CREATE FUNCTION audit_leaf(e audit_auditevent) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256('\x00'::bytea || convert_to(jsonb_build_array(
    e.seq, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.xid::text,
    e.verb, e.outcome, e.actor_type, e.actor_id, e.actor_name, host(e.address),
    e.target_type, e.target_id, e.target_name, e.message, e.details
)::text, 'UTF8'));

CREATE FUNCTION audit_digest(leaves bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256('\x01'::bytea || leaves);

CREATE FUNCTION audit_link(s audit_seal) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(s.prev || sha256('\x02'::bytea || convert_to(jsonb_build_array(
    s.n, to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    to_char(s.month, 'YYYY-MM'), s.first_seq, s.last_seq, s.events, s.horizon::text,
    encode(s.digest, 'hex')
)::text, 'UTF8')));

CREATE FUNCTION audit_beginning() RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN decode(repeat('00', 32), 'hex');
"""

UNHASHES = """
DROP FUNCTION audit_link(audit_seal);
DROP FUNCTION audit_leaf(audit_auditevent);
DROP FUNCTION audit_digest(bytea);
DROP FUNCTION audit_beginning();
DROP FUNCTION audit_month(timestamptz);
"""

SEAL = """
-- Seals up to `most` events of one month, and returns how many; 0 when none is left.
--
-- All that is committed and not sealed yet is looked for from the last seal's horizon on: the
-- oldest transaction that ran then. What an older one wrote was there and is sealed. So a number
-- that is committed late, after higher ones were sealed, is sealed all the same.
CREATE FUNCTION audit_seal_events(most integer) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last audit_seal%ROWTYPE;
    made audit_seal%ROWTYPE;
    since xid8;
    oldest_running xid8;
    newest_month date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('opsmanager.audit.seal', 0));
    SELECT * INTO last FROM audit_seal ORDER BY n DESC LIMIT 1;
    oldest_running := pg_snapshot_xmin(pg_current_snapshot());
    -- Restored into another PostgreSQL, whose transactions are counted anew: look at all.
    since := CASE WHEN last.horizon <= pg_snapshot_xmax(pg_current_snapshot())
                  THEN last.horizon ELSE '0' END;
    SELECT min(audit_month(e.at)), max(audit_month(e.at)) INTO made.month, newest_month
      FROM audit_auditevent e
     WHERE e.xid >= since AND NOT EXISTS (
           SELECT FROM audit_sealmember m WHERE m.seq = e.seq AND m.month = audit_month(e.at));
    IF made.month IS NULL THEN
        RETURN 0;
    END IF;
    made.n := coalesce(last.n, 0) + 1;
    WITH chosen AS (
        SELECT e.seq, audit_leaf(e) AS leaf FROM audit_auditevent e
         WHERE e.xid >= since
           AND e.at >= made.month::timestamp AT TIME ZONE 'UTC'
           AND e.at < (made.month + interval '1 month') AT TIME ZONE 'UTC'
           AND NOT EXISTS (
               SELECT FROM audit_sealmember m WHERE m.seq = e.seq AND m.month = made.month)
         ORDER BY e.seq LIMIT most
    ), kept AS (
        INSERT INTO audit_sealmember (seq, month, n, leaf)
        SELECT seq, made.month, made.n, leaf FROM chosen RETURNING seq, leaf
    )
    SELECT count(*), min(seq), max(seq), audit_digest(string_agg(leaf, ''::bytea ORDER BY seq))
      INTO made.events, made.first_seq, made.last_seq, made.digest FROM kept;
    made.at := clock_timestamp();
    -- The horizon moves on only where nothing that was seen is left.
    made.horizon := CASE WHEN made.month = newest_month AND made.events < most
                         THEN oldest_running ELSE since END;
    made.prev := coalesce(last.chain, audit_beginning());
    made.chain := audit_link(made);
    INSERT INTO audit_seal SELECT made.*;
    RETURN made.events;
END $$;
REVOKE ALL ON FUNCTION audit_seal_events(integer) FROM PUBLIC;
"""

VERIFY = """
-- Each problem with the seal and the event (or the first and last one) where it is.
CREATE FUNCTION audit_verify(patience interval)
RETURNS TABLE (problem text, seal bigint, first_seq bigint, last_seq bigint, month date)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
WITH links AS (
    SELECT s.*, coalesce(lag(s.n) OVER w, 0) AS n_before,
           coalesce(lag(s.chain) OVER w, audit_beginning()) AS chain_before
      FROM audit_seal s WINDOW w AS (ORDER BY s.n)
), members AS (
    SELECT m.n, count(*) AS events, min(m.seq) AS first_seq, max(m.seq) AS last_seq,
           audit_digest(string_agg(m.leaf, ''::bytea ORDER BY m.seq)) AS digest
      FROM audit_sealmember m GROUP BY m.n
)
SELECT 'SEALS_MISSING', l.n, l.n_before + 1, l.n - 1, l.month
  FROM links l WHERE l.n <> l.n_before + 1
UNION ALL
SELECT 'SEAL_CHANGED', s.n, s.first_seq, s.last_seq, s.month
  FROM audit_seal s WHERE s.chain <> audit_link(s)
UNION ALL
SELECT 'CHAIN_BROKEN', l.n, l.first_seq, l.last_seq, l.month
  FROM links l WHERE l.n = l.n_before + 1 AND l.prev <> l.chain_before
UNION ALL
SELECT 'MEMBERS_CHANGED', s.n, s.first_seq, s.last_seq, s.month
  FROM audit_seal s LEFT JOIN members m USING (n)
 WHERE (s.events, s.first_seq, s.last_seq, s.digest)
       IS DISTINCT FROM (m.events, m.first_seq, m.last_seq, m.digest)
   AND s.month NOT IN (SELECT d.month FROM audit_droppedmonth d)
UNION ALL
SELECT 'SEAL_MISSING', m.n, m.first_seq, m.last_seq, NULL
  FROM members m WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.n = m.n)
UNION ALL
SELECT 'EVENT_CHANGED', m.n, m.seq, m.seq, m.month
  FROM audit_sealmember m JOIN audit_auditevent e ON e.seq = m.seq
 WHERE audit_leaf(e) <> m.leaf
UNION ALL
SELECT 'EVENT_MISSING', m.n, m.seq, m.seq, m.month
  FROM audit_sealmember m LEFT JOIN audit_auditevent e ON e.seq = m.seq WHERE e.seq IS NULL
UNION ALL
SELECT 'EVENTS_UNSEALED', NULL, min(e.seq), max(e.seq), audit_month(e.at)
  FROM audit_auditevent e
 WHERE e.at < clock_timestamp() - patience
   AND NOT EXISTS (SELECT FROM audit_sealmember m WHERE m.seq = e.seq)
 GROUP BY audit_month(e.at)
UNION ALL
SELECT 'MONTH_CHANGED', d.last_n, d.last_seq, d.last_seq, d.month
  FROM audit_droppedmonth d LEFT JOIN audit_seal s ON s.n = d.last_n
 WHERE (s.month, s.chain, s.last_seq) IS DISTINCT FROM (d.month, d.chain, d.last_seq)
UNION ALL
SELECT 'MONTH_UNTOLD', d.last_n, NULL, NULL, d.month
  FROM audit_droppedmonth d
 WHERE audit_month(d.dropped_at) NOT IN (SELECT gone.month FROM audit_droppedmonth gone)
   AND NOT EXISTS (SELECT FROM audit_auditevent e
                    WHERE e.verb = 'AUDIT_MONTH_DROPPED'
                      AND e.target_id = to_char(d.month, 'YYYY-MM'))
$$;
"""

DROP_MONTH = """
-- The only way by which events leave: a whole month, sealed, whole, and old enough.
CREATE FUNCTION audit_drop_month(which date, keep_days integer) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
    name text := to_char(which, 'YYYY_MM');
    gone audit_droppedmonth%ROWTYPE;
    unsealed bigint;
BEGIN
    IF keep_days IS NULL OR keep_days < 90 THEN
        RAISE EXCEPTION 'Audit events are kept for at least 90 days, not %.', keep_days
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF which IS NULL OR which <> date_trunc('month', which)::date OR NOT EXISTS (
        SELECT FROM pg_inherits WHERE inhparent = 'audit_auditevent'::regclass
           AND inhrelid = to_regclass(format('public.audit_auditevent_%s', name))
    ) THEN
        RAISE EXCEPTION 'The audit trail has no partition of the month %.', which
            USING ERRCODE = 'undefined_table';
    END IF;
    IF (which + interval '1 month') AT TIME ZONE 'UTC'
       > clock_timestamp() - make_interval(days => keep_days) THEN
        RAISE EXCEPTION 'The audit events of % are not % days old yet.', name, keep_days
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('opsmanager.audit.seal', 0));
    EXECUTE format('SELECT count(*) FROM public.%I e WHERE NOT EXISTS ('
                   'SELECT FROM audit_sealmember m WHERE m.seq = e.seq)',
                   'audit_auditevent_' || name) INTO unsealed;
    IF unsealed > 0 THEN
        RAISE EXCEPTION '% events of % are not sealed yet.', unsealed, name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    -- What was tampered with is evidence.
    IF EXISTS (SELECT FROM audit_verify('1 day') v WHERE v.month = which OR v.month IS NULL) THEN
        RAISE EXCEPTION 'The audit trail of % is not whole; look at verify_audit first.', name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('SELECT count(*) FROM public.%I', 'audit_auditevent_' || name)
       INTO gone.events;
    EXECUTE format('DROP TABLE public.%I', 'audit_auditevent_' || name);
    IF to_regclass(format('public.audit_sealmember_%s', name)) IS NOT NULL THEN
        EXECUTE format('DROP TABLE public.%I', 'audit_sealmember_' || name);
    END IF;
    IF gone.events > 0 THEN
        INSERT INTO audit_droppedmonth (month, events, last_n, last_seq, chain)
        SELECT which, gone.events, s.n, s.last_seq, s.chain
          FROM audit_seal s WHERE s.month = which ORDER BY s.n DESC LIMIT 1;
    END IF;
    INSERT INTO audit_auditevent (verb, outcome, actor_type, actor_id, actor_name, target_type,
                                  target_id, target_name, message, details)
    VALUES ('AUDIT_MONTH_DROPPED', 'OK', 'DATABASE', '', session_user, 'AuditMonth',
            to_char(which, 'YYYY-MM'), to_char(which, 'YYYY-MM'),
            format('%s events left, kept for %s days.', gone.events, keep_days),
            jsonb_build_object('events', gone.events, 'keptDays', keep_days));
    RETURN gone.events;
END $$;
REVOKE ALL ON FUNCTION audit_drop_month(date, integer) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(TABLES, UNTABLES),
        migrations.RunSQL(HASHES, UNHASHES),
        migrations.RunSQL(SEAL, "DROP FUNCTION audit_seal_events(integer)"),
        migrations.RunSQL(VERIFY, "DROP FUNCTION audit_verify(interval)"),
        migrations.RunSQL(DROP_MONTH, "DROP FUNCTION audit_drop_month(date, integer)"),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "n",
                    models.BigIntegerField(editable=False, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField(editable=False)),
                ("month", models.DateField(editable=False)),
                ("first_seq", models.BigIntegerField(editable=False)),
                ("last_seq", models.BigIntegerField(editable=False)),
                ("events", models.IntegerField(editable=False)),
                ("chain", models.BinaryField()),
            ],
            options={"db_table": "audit_seal", "managed": False, "default_permissions": ()},
        ),
    ]
