"""Covering indexes for analytics and the records of runbooks."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built while executions run: a lock on their table for the time that a long history takes
    # would keep workers from renewing their leases. A build that was broken off leaves an invalid
    # index; drop it (DROP INDEX execution_analytics, execution_record) and migrate again.
    atomic = False

    dependencies = [("automation", "0003_secret_parameters")]

    operations = [
        AddIndexConcurrently(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("is_dry_run", False)),
                fields=["queued_at"],
                include=(
                    "runbook",
                    "server",
                    "status",
                    "verdict",
                    "triggered_by",
                    "started_at",
                    "finished_at",
                ),
                name="execution_analytics",
            ),
        ),
        AddIndexConcurrently(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("is_dry_run", False)),
                fields=["runbook", "-queued_at"],
                include=(
                    "server",
                    "status",
                    "verdict",
                    "triggered_by",
                    "started_at",
                    "finished_at",
                ),
                name="execution_record",
            ),
        ),
    ]
