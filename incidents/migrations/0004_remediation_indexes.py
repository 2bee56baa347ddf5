"""Find incidents by fingerprint, by who has them and by when to look; made in use."""

from django.db import migrations, models

from opsmanager.common.indexes import AddIndexInUse


class Migration(migrations.Migration):
    dependencies = [("incidents", "0003_remediation")]

    atomic = False

    operations = [
        AddIndexInUse(
            model_name="incident",
            index=models.Index(
                models.F("fingerprint"),
                models.OrderBy(models.F("opened_at"), descending=True),
                name="incident_of_fingerprint",
            ),
        ),
        AddIndexInUse(
            model_name="incident",
            index=models.Index(
                models.F("assigned_to"),
                models.OrderBy(models.F("opened_at"), descending=True),
                name="incident_assigned",
            ),
        ),
        AddIndexInUse(
            model_name="incident",
            index=models.Index(
                models.F("look_again_at"),
                condition=models.Q(("look_again_at__isnull", False)),
                name="incident_to_look_at",
            ),
        ),
    ]
