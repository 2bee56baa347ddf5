"""Keep since when a source says that it is over, and find what flaps no more; in use."""

from django.db import migrations, models

from opsmanager.common.indexes import AddIndexInUse


class Migration(migrations.Migration):
    dependencies = [("incidents", "0004_remediation_indexes")]

    atomic = False

    operations = [
        migrations.AddField(
            model_name="incident",
            name="over_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        AddIndexInUse(
            model_name="incident",
            index=models.Index(
                models.F("over_since"),
                condition=models.Q(("is_flapping", True)),
                name="incident_gone_quiet",
            ),
        ),
    ]
