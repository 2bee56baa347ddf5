"""Rollbacks, retries, batches, and going on with what a lost worker left."""

import automation.engine.results
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


# How many steps were done becomes which ones. A table whose deferred constraints are still to be
# checked for changed rows can't be altered: so they are checked at once.
STEPS_AS_NUMBERS = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE automation_execution RENAME COLUMN steps_done TO steps_count;
ALTER TABLE automation_execution ADD COLUMN steps_done smallint[] NOT NULL DEFAULT '{}';
UPDATE automation_execution SET steps_done = ARRAY(SELECT generate_series(1, steps_count))
 WHERE steps_count > 0;
ALTER TABLE automation_execution ALTER COLUMN steps_done DROP DEFAULT, DROP COLUMN steps_count;
"""
STEPS_AS_COUNT = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE automation_execution RENAME COLUMN steps_done TO steps_listed;
ALTER TABLE automation_execution ADD COLUMN steps_done smallint NOT NULL DEFAULT 0
      CHECK (steps_done >= 0);
UPDATE automation_execution SET steps_done = cardinality(steps_listed);
ALTER TABLE automation_execution ALTER COLUMN steps_done DROP DEFAULT, DROP COLUMN steps_listed;
"""
# Only what is PENDING waits; what runs holds its server.
QUEUE_AND_LOCK = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE automation_execution SET waiting_since = NULL WHERE status <> 'PENDING';
UPDATE automation_execution SET waiting_since = queued_at WHERE status = 'PENDING';
UPDATE automation_execution SET holds_server = true
 WHERE status = 'RUNNING' AND changes AND NOT is_dry_run;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("automation", "0001_initial"),
        ("servers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "High"), (2, "Normal"), (3, "Low")], default=2
                    ),
                ),
                ("parameters", models.JSONField(default=dict)),
                ("is_dry_run", models.BooleanField(default=False)),
                ("max_parallel", models.PositiveIntegerField(null=True)),
                ("stop_after_failures", models.PositiveIntegerField(null=True)),
                ("refusals", models.JSONField(default=list)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("stopped_at", models.DateTimeField(null=True)),
                ("stop_reason", models.TextField(blank=True)),
                ("idempotency_key", models.CharField(max_length=200, null=True)),
                ("idempotency_hash", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "verbose_name_plural": "batches",
                "default_permissions": (),
            },
        ),
        migrations.RemoveConstraint(
            model_name="execution",
            name="execution_server_lock",
        ),
        migrations.RemoveIndex(
            model_name="execution",
            name="execution_queue",
        ),
        migrations.RemoveIndex(
            model_name="execution",
            name="execution_leases",
        ),
        migrations.AddField(
            model_name="execution",
            name="ask_server_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="begin_seq",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="execution",
            name="decided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="execution",
            name="decision",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="execution",
            name="decision_reason",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="dry_run",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="exact_runs",
                to="automation.execution",
            ),
        ),
        migrations.AddField(
            model_name="execution",
            name="holds_server",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="execution",
            name="max_retries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="execution",
            name="not_before",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="once",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="execution",
            name="resumes",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="execution",
            name="keeps_records",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="execution",
            name="claims",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="execution",
            name="rollback_message",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="rollback_reason",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="execution",
            name="rollback_status",
            field=models.CharField(
                blank=True,
                choices=[
                    (automation.engine.results.Status["PENDING"], "Pending"),
                    (automation.engine.results.Status["RUNNING"], "Running"),
                    (automation.engine.results.Status["SUCCESS"], "Success"),
                    (automation.engine.results.Status["FAILED"], "Failed"),
                    (automation.engine.results.Status["CANCELLED"], "Cancelled"),
                    (automation.engine.results.Status["TIMEOUT"], "Timeout"),
                    (automation.engine.results.Status["ROLLED_BACK"], "Rolled back"),
                    (automation.engine.results.Status["UNKNOWN"], "Unknown"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="execution",
            name="waiting_since",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), null=True
            ),
        ),
        migrations.AddField(
            model_name="execution",
            name="warnings",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, size=None
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="execution",
                    name="steps_done",
                    field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), default=list, size=None
                    ),
                ),
            ],
            database_operations=[migrations.RunSQL(STEPS_AS_NUMBERS, STEPS_AS_COUNT)],
        ),
        migrations.RunSQL(QUEUE_AND_LOCK, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="executionlog",
            name="status",
            field=models.CharField(
                choices=[
                    ("RUNNING", "RUNNING"),
                    ("SUCCESS", "SUCCESS"),
                    ("FAILED", "FAILED"),
                    ("TIMEOUT", "TIMEOUT"),
                    ("CANCELLED", "CANCELLED"),
                    ("UNKNOWN", "UNKNOWN"),
                    ("PLANNED", "PLANNED"),
                    ("SKIPPED", "SKIPPED"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="runbook",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batches",
                to="automation.catalogentry",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="started_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="batches",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="execution",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="executions",
                to="automation.batch",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("rollback_at"),
                condition=models.Q(("rollback_status__in", ["FAILED", "UNKNOWN"])),
                name="execution_not_rolled_back",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("priority"),
                models.F("waiting_since"),
                condition=models.Q(("waiting_since__isnull", False)),
                name="execution_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("server"),
                models.F("priority"),
                models.F("waiting_since"),
                condition=models.Q(("waiting_since__isnull", False)),
                name="execution_server_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("lease_until"),
                condition=models.Q(("lease_until__isnull", False)),
                name="execution_leases",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("ask_server_at"),
                condition=models.Q(("ask_server_at__isnull", False)),
                name="execution_to_ask_about",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("batch"),
                condition=models.Q(("batch__isnull", False)),
                name="execution_of_batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="execution",
            constraint=models.UniqueConstraint(
                models.F("server"),
                condition=models.Q(("holds_server", True)),
                name="execution_server_lock",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                models.OrderBy(models.F("created_at"), descending=True), name="batch_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(
                models.F("started_by"),
                models.F("idempotency_key"),
                condition=models.Q(("idempotency_key__isnull", False)),
                name="batch_idempotency_key",
            ),
        ),
    ]
