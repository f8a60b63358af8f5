from django.db import migrations, models
from django.db.models import F


def nothing_to_tell(apps, schema_editor):
    """What happened before there were notices is no news."""
    apps.get_model("activations", "Activation").objects.update(told=F("version"))


class Migration(migrations.Migration):

    dependencies = [
        ('activations', '0012_activations_across_workspaces'),
    ]

    operations = [
        migrations.AddField(
            model_name='activation',
            name='told',
            field=models.PositiveIntegerField(default=0, editable=False, help_text='Version up to which its changes were looked at for notices.'),
        ),
        migrations.RunPython(nothing_to_tell, migrations.RunPython.noop, elidable=True),
    ]
