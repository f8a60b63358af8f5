"""Copying rows into a table: new, changed, vanished, back again; and nothing else touched."""

import pytest
from django.db.models import Q
from django.utils import timezone

from audiences.mirroring import Written, mirror
from audiences.models import Audience, PlatformJob, Workspace

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def workspace():
    return Workspace.objects.create(slug="w", name="W", org="o", client_id="c")


def named(**names):
    return {key: {"name": name} for key, name in names.items()}


def test_it_works(workspace):
    rows, written = mirror(Audience, workspace, named(a="A", b="B"), now=NOW)
    assert written == Written(created=2)
    assert {key: row.name for key, row in rows.items()} == {"a": "A", "b": "B"}
    assert all(row.pk for row in rows.values())


def test_new_changed_vanished_and_the_rest(workspace):
    mirror(Audience, workspace, named(a="A", b="B", c="C"), now=NOW)
    rows, written = mirror(Audience, workspace, named(b="B", c="See", d="D"), now=NOW)
    assert written == Written(created=1, updated=1, vanished=1)
    assert written.total == 3
    assert rows["a"].vanished_at == NOW
    assert Audience.objects.get(platform_id="c").name == "See"


def test_nothing_to_do_is_one_query(workspace, django_assert_num_queries):
    mirror(Audience, workspace, named(a="A", b="B"), now=NOW)
    with django_assert_num_queries(1):
        assert mirror(Audience, workspace, named(a="A", b="B"), now=NOW)[1] == Written()


def test_back_again(workspace):
    mirror(Audience, workspace, named(a="A"), now=NOW)
    mirror(Audience, workspace, {}, now=NOW)
    assert mirror(Audience, workspace, {}, now=NOW)[1] == Written(), "vanished once"
    assert mirror(Audience, workspace, named(a="A"), now=NOW)[1] == Written(updated=1)
    assert Audience.objects.get().vanished_at is None


def test_a_part_says_nothing_about_the_rest(workspace):
    mirror(Audience, workspace, named(a="A", b="B"), now=NOW)
    rows, written = mirror(Audience, workspace, named(b="Bee", c="C"), now=NOW, complete=False)
    assert written == Written(created=1, updated=1)
    assert set(rows) == {"b", "c"}
    assert all(row.pk for row in rows.values())
    assert not Audience.objects.exclude(vanished_at=None).exists()


def test_a_row_someone_else_was_first_to_insert_is_taken_as_it_is(workspace):
    """A watcher and a sync may meet the same new run in the same moment."""
    mirror(Audience, workspace, named(a="first"), now=NOW)
    hidden = Q(name="nothing is called this")
    rows, _ = mirror(Audience, workspace, named(a="second"), now=NOW, complete=False, where=hidden)
    assert rows == {}
    assert Audience.objects.get().name == "first"


def test_where_bounds_what_may_vanish(workspace):
    job = {"kind": "export", "status": "succeeded"}
    mirror(PlatformJob, workspace, {"1": job}, now=NOW, where=Q(kind="export"))
    segment = {"kind": "segment", "status": "succeeded"}
    mirror(PlatformJob, workspace, {"1": segment}, now=NOW, where=Q(kind="segment"))
    assert PlatformJob.objects.filter(vanished_at=None).count() == 2


def test_workspaces_do_not_mix(workspace):
    other = Workspace.objects.create(slug="x", name="X", org="o", client_id="c")
    mirror(Audience, workspace, named(a="A"), now=NOW)
    mirror(Audience, other, {}, now=NOW)
    assert Audience.objects.get().vanished_at is None


def test_texts_are_cut_to_their_columns(workspace):
    mirror(Audience, workspace, named(a="x" * 999), now=NOW)
    assert Audience.objects.get().name == "x" * 255
    assert mirror(Audience, workspace, named(a="x" * 999), now=NOW)[1] == Written()


def test_the_same_mapping_is_not_the_callers(workspace):
    given = named(a="x" * 999)
    mirror(Audience, workspace, given, now=NOW)
    assert given == named(a="x" * 999)


def test_thousands_are_written_in_batches(workspace):
    rows = {f"id-{number}": {"name": f"Audience {number}"} for number in range(2_500)}
    assert mirror(Audience, workspace, rows, now=NOW)[1] == Written(created=2_500)
    renamed = {key: {"name": fields["name"] + "!"} for key, fields in rows.items()}
    assert mirror(Audience, workspace, renamed, now=NOW)[1] == Written(updated=2_500)
    assert Audience.objects.filter(name__endswith="!").count() == 2_500
