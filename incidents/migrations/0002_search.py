"""Search in incidents by their words; the table is written anew, the indexes are made in use."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from opsmanager.common.indexes import AddIndexInUse
from opsmanager.common.search import Words, add_words


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_initial"),
        # Makes the functions that words are made by.
        ("audit", "0004_search"),
    ]

    atomic = False

    operations = [
        migrations.RunSQL(*add_words("incidents_incident", "title", "description")),
        AddIndexInUse(
            model_name="incident",
            index=models.Index("title", name="incident_titled"),
        ),
        AddIndexInUse(
            model_name="incident",
            index=GinIndex(Words(), name="incident_words"),
        ),
    ]
