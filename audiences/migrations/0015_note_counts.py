from django.db import migrations


def note_what_is_known(apps, schema_editor):
    """The counts of now, so that the first change has something that it differs from."""
    Counted = apps.get_model("audiences", "Counted")
    rows = apps.get_model("audiences", "Audience").objects.filter(profiles__isnull=False)
    found = rows.values_list("pk", "profiles", "profiles_as_of", "workspace__synced_at", "first_seen_at")
    Counted.objects.bulk_create(
        (
            Counted(audience_id=pk, profiles=profiles, as_of=as_of, seen_at=synced_at or seen_at)
            for pk, profiles, as_of, synced_at, seen_at in found.iterator(2000)
        ),
        batch_size=2000,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('audiences', '0014_keep_counts'),
    ]

    operations = [
        migrations.RunPython(note_what_is_known, migrations.RunPython.noop),
    ]
