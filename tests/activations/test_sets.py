"""The verbs of sets: one transaction, one version, one line of the story; seen by who may see every workspace of it."""

from __future__ import annotations

import pytest

from activations import sets
from activations.models import Activation, ActivationSet, SetChange
from tests.activations.house import House, make_house
from tests.catalogue import make_dataflow, make_mapping, make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house(4)


def save(house: House, *mappings, name="Friday flash sale") -> ActivationSet:
    return sets.save(mappings or house.mappings[:3], name=name, by=house.alice)


def story(of_set: ActivationSet) -> list[tuple[str, int]]:
    return [(one.what, one.version) for one in of_set.changes.order_by("pk")]


def test_it_works(house):
    made = save(house)
    assert sets.add(made, house.mappings[2:], by=house.alice) == 1
    assert sets.remove(made, [house.mappings[0].pk], by=house.bob) == 1
    sets.rename(made, "  Saturday   sale ", by=house.alice)
    made.refresh_from_db()
    assert (made.name, made.version) == ("Saturday sale", 4)
    assert set(made.mappings.all()) == set(house.mappings[1:])
    assert story(made) == [("saved", 1), ("added", 2), ("removed", 3), ("renamed", 4)]
    assert SetChange.objects.get(what="removed").by == house.bob
    assert SetChange.objects.get(what="renamed").data == {
        "before": "Friday flash sale",
        "after": "Saturday sale",
    }


def test_what_changes_nothing_is_no_version(house):
    made = save(house)
    assert sets.add(made, house.mappings[:2], by=house.alice) == 0
    assert sets.remove(made, [house.mappings[3].pk], by=house.alice) == 0
    sets.rename(made, made.name, by=house.alice)
    assert story(made) == [("saved", 1)]


@pytest.mark.parametrize("name", ["", "   ", "\0", "x" * 201])
def test_a_set_needs_a_name_that_fits(house, name):
    with pytest.raises(sets.CannotChange) as why:
        sets.save(house.mappings, name=name, by=house.alice)
    assert why.value.field == "name"
    assert not ActivationSet.objects.exists()


def test_a_set_holds_at_least_one_mapping(house):
    with pytest.raises(sets.CannotChange):
        sets.save([], name="Nothing", by=house.alice)
    made = save(house)
    with pytest.raises(sets.CannotChange):
        sets.remove(made, [mapping.pk for mapping in house.mappings], by=house.alice)
    assert made.chosen.count() == 3
    assert story(made) == [("saved", 1)]


def test_a_set_has_an_end(house, monkeypatch):
    monkeypatch.setattr(sets, "AT_MOST", 3)
    made = save(house)
    with pytest.raises(sets.CannotChange):
        sets.add(made, house.mappings, by=house.alice)
    assert made.chosen.count() == 3


def test_deleting_keeps_what_was_activated(house):
    made = save(house)
    activation = house.activation(*house.mappings[:3], of_set=made)
    assert (activation.of_set, activation.set_version) == (made, 1)
    sets.delete(made, by=house.alice)
    assert Activation.objects.get().of_set is None


def test_seen_only_by_who_may_see_every_workspace(house):
    there = make_workspace("hotels")
    both = save(house, house.mappings[0], make_mapping(make_dataflow(there)))
    here = save(house, house.mappings[1])
    dora = make_user("dora", "activator", there)
    seen = {user: set(ActivationSet.objects.visible_to(user)) for user in (house.alice, house.charlie, dora)}
    assert seen == {house.alice: {here}, house.charlie: set(), dora: set()}
    house.alice.memberships.create(workspace=there, role="viewer")
    assert set(ActivationSet.objects.visible_to(house.alice)) == {here, both}
    assert sets.may_change(house.alice, here)
    assert not sets.may_change(house.alice, both)
    assert not sets.may_change(house.bob, here)
    boss = make_user("boss", is_superuser=True)
    assert set(ActivationSet.objects.changeable_by(boss)) == {here, both}


def test_who_left_sees_and_changes_nothing(house):
    made = save(house)
    house.alice.is_active = False
    house.alice.save()
    assert not ActivationSet.objects.visible_to(house.alice).exists()
    assert not sets.may_change(house.alice, made)
