from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('activations', '0013_mark_what_is_told'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='activation',
            index=models.Index(condition=models.Q(('version__gt', models.F('told'))), fields=['id'], name='activation_untold'),
        ),
    ]
