from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("servers", "0001_initial")]

    operations = [
        migrations.AddField(model_name="probe", name="found", field=models.JSONField(null=True)),
        migrations.AlterField(
            model_name="probe",
            name="kind",
            field=models.CharField(
                choices=[
                    ("CHECK", "Log in and say how long it took"),
                    ("HOST_KEY", "See which host key is offered"),
                    ("CONTENTS", "See which units, file systems and programs it has"),
                ],
                max_length=20,
            ),
        ),
    ]
