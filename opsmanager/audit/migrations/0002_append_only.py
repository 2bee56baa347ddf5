"""Nobody changes an event: triggers refuse it, and the database itself numbers and dates it."""

from django.db import migrations, models

STAMP = """
ALTER TABLE audit_auditevent ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE audit_auditevent ALTER COLUMN seq DROP DEFAULT;
CREATE INDEX audit_xid ON audit_auditevent (xid);

-- Number, time and transaction are the database's, whatever the client says. The time may not move
-- a row to another partition, so where a month ends between the column's default and this, the
-- default stays.
CREATE FUNCTION audit_stamp() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    clock timestamptz := clock_timestamp();
BEGIN
    IF date_trunc('month', NEW.at AT TIME ZONE 'UTC')
       = date_trunc('month', clock AT TIME ZONE 'UTC') THEN
        NEW.at := clock;
    ELSIF NEW.at > clock OR NEW.at < clock - interval '1 hour' THEN
        RAISE EXCEPTION 'The time of an audit event is set by the database, not to %.', NEW.at
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.seq := nextval('audit_event_seq');
    NEW.xid := pg_current_xact_id();
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION audit_stamp() FROM PUBLIC;
CREATE TRIGGER audit_stamp BEFORE INSERT ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_stamp();
"""

UNSTAMP = """
DROP TRIGGER audit_stamp ON audit_auditevent;
DROP FUNCTION audit_stamp();
ALTER TABLE audit_auditevent ALTER COLUMN seq SET DEFAULT nextval('audit_event_seq');
ALTER TABLE audit_auditevent DROP COLUMN xid;
"""

REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION audit_refuse() FROM PUBLIC;

-- Partitions inherit triggers FOR EACH ROW, also those made later; those for TRUNCATE they don't.
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
DO $$
DECLARE
    place regclass;
BEGIN
    FOR place IN SELECT relid FROM pg_partition_tree('audit_auditevent') LOOP
        EXECUTE format('CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()', place);
    END LOOP;
END $$;
"""

UNREFUSE = """
DO $$
DECLARE
    place regclass;
BEGIN
    FOR place IN SELECT relid FROM pg_partition_tree('audit_auditevent') LOOP
        EXECUTE format('DROP TRIGGER audit_no_truncate ON %s', place);
    END LOOP;
END $$;
DROP TRIGGER audit_no_change ON audit_auditevent;
DROP FUNCTION audit_refuse();
"""

PARTITIONS = """
-- The application's role owns no table, so it makes the coming months through this, as the owner.
CREATE FUNCTION make_month_partition(parent text, month date) RETURNS text LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', month);
    after date := first + interval '1 month';
    child text := parent || to_char(first, '_YYYY_MM');
BEGIN
    IF parent NOT IN ('automation_executionlog', 'audit_auditevent', 'audit_sealmember') THEN
        RAISE EXCEPTION '% is no table with a partition a month.', parent
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('opsmanager.partitions', 0));
    IF to_regclass(format('public.%I', child)) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
                   child, parent, first || ' 00:00:00+00', after || ' 00:00:00+00');
    IF starts_with(parent, 'audit_') THEN
        EXECUTE format('CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON public.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()', child);
    END IF;
    RETURN child;
END $$;
REVOKE ALL ON FUNCTION make_month_partition(text, date) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            # The key of the table stays (seq, at), as its partitions want it. A number is given
            # once, so that for Django it is the key by itself.
            state_operations=[
                migrations.RemoveField(model_name="auditevent", name="pk"),
                migrations.AlterField(
                    model_name="auditevent",
                    name="seq",
                    field=models.BigIntegerField(editable=False, primary_key=True, serialize=False),
                ),
            ],
        ),
        migrations.RunSQL(STAMP, UNSTAMP),
        migrations.RunSQL(REFUSE, UNREFUSE),
        migrations.RunSQL(PARTITIONS, "DROP FUNCTION make_month_partition(text, date)"),
    ]
