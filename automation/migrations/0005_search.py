"""Search in the texts of executions by their words, and lists in each order along an index.

Adding the column of words writes the table anew, during which no execution is claimed: the database
computes it, so that no writer has to. Every index is made while executions run.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import F

from opsmanager.common.indexes import AddIndexInUse
from opsmanager.common.search import Words, add_words


class Migration(migrations.Migration):
    dependencies = [
        ("automation", "0004_analytics_indexes"),
        # Makes the functions that words are made by.
        ("audit", "0004_search"),
    ]

    atomic = False

    operations = [
        migrations.RunSQL(
            *add_words("automation_execution", "reason", "result_summary", "error_message")
        ),
        AddIndexInUse(
            model_name="execution",
            index=models.Index(
                F("queued_at").desc(), F("id").desc(), name="execution_newest_first"
            ),
        ),
        AddIndexInUse(
            model_name="execution",
            index=models.Index(
                "status", F("queued_at").desc(), F("id").desc(), name="execution_status_newest"
            ),
        ),
        AddIndexInUse(
            model_name="execution",
            index=models.Index(
                "is_dry_run", F("queued_at").desc(), F("id").desc(), name="execution_dry_newest"
            ),
        ),
        # Those before have all of it.
        RemoveIndexConcurrently(model_name="execution", name="execution_newest"),
        RemoveIndexConcurrently(model_name="execution", name="execution_in_status"),
        RemoveIndexConcurrently(model_name="execution", name="execution_dry_run"),
        AddIndexInUse(
            model_name="execution",
            index=models.Index("started_at", "id", name="execution_started"),
        ),
        AddIndexInUse(
            model_name="execution",
            index=models.Index("finished_at", "id", name="execution_finished"),
        ),
        AddIndexInUse(
            model_name="execution",
            index=models.Index("status", "id", name="execution_by_status"),
        ),
        AddIndexInUse(
            model_name="execution",
            index=GinIndex(Words(), name="execution_words"),
        ),
    ]
