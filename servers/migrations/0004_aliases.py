"""Find servers by name, whatever its capitals, and by alias; made in use."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models.functions import Lower

from opsmanager.common.indexes import AddIndexInUse


class Migration(migrations.Migration):
    dependencies = [("servers", "0003_maintenance")]

    atomic = False

    operations = [
        AddIndexInUse(
            model_name="server",
            index=models.Index(Lower("name"), name="server_named"),
        ),
        AddIndexInUse(
            model_name="server",
            index=GinIndex(models.F("aliases"), name="server_aliases"),
        ),
    ]
