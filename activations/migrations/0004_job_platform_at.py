from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activations", "0003_pauses")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="platform_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it was sent, by the platform's own clock: its runs are dated by that one.",
                null=True,
            ),
        ),
    ]
