"""Find the executions of a schedule or template; the indexes are made in use."""

from django.db import migrations, models

from opsmanager.common.indexes import AddIndexInUse


class Migration(migrations.Migration):
    dependencies = [("automation", "0008_schedules")]

    atomic = False

    operations = [
        AddIndexInUse(
            model_name="execution",
            index=models.Index(
                models.F("schedule_id"),
                models.OrderBy(models.F("queued_at"), descending=True),
                condition=models.Q(("schedule_id__isnull", False)),
                name="execution_of_schedule",
            ),
        ),
        AddIndexInUse(
            model_name="execution",
            index=models.Index(
                models.F("template_id"),
                models.OrderBy(models.F("queued_at"), descending=True),
                condition=models.Q(("template_id__isnull", False)),
                name="execution_of_template",
            ),
        ),
    ]
