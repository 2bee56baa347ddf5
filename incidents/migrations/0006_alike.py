"""Find incidents that the same rule of Prometheus or Grafana told; made in use."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

from opsmanager.common.indexes import AddIndexInUse


class Migration(migrations.Migration):
    dependencies = [("incidents", "0005_over_since")]

    atomic = False

    operations = [
        AddIndexInUse(
            model_name="incident",
            index=models.Index(
                KeyTextTransform("alertname", "labels"),
                models.OrderBy(models.F("opened_at"), descending=True),
                name="incident_of_alert",
            ),
        ),
    ]
