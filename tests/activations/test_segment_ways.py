"""The ways out of what is off at Segment: from the error card and from "Will it go?", one click, and back."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from activations import states
from activations.cards import cards_of
from activations.facts import verdicts
from activations.ways import remedy_of
from audiences.models import Mapping, Wish
from audiences.wishes import states as wishes
from audiences.wishes.actions import ask
from audiences.wishes.work import fulfil_all
from simulator.server import Simulator
from tests.activations.segment_world import SegmentStage
from tests.activations.world import only, states_of
from tests.catalogue import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(db: None) -> Iterator[SegmentStage]:
    with Simulator(port=0, seed=7, dataflows=1, audiences=70) as simulator:
        yield SegmentStage(simulator)


def client_of(stage: SegmentStage, role: str) -> Client:
    client = Client()
    client.force_login(make_user(role, role, stage.workspace))
    return client


def switched_off(stage: SegmentStage, what: str) -> Mapping:
    """A good activation of which this is off, at Segment and in the mirror."""
    (mapping,) = stage.good()
    there = stage.there(mapping)
    if what == "activation":
        there.enabled = False
        Mapping.objects.filter(pk=mapping.pk).update(enabled=False)
    else:
        there.audience.enabled, there.audience.status = False, "Disabled"
        type(mapping.audience).objects.filter(pk=mapping.audience_id).update(lifecycle="Disabled")
    return Mapping.objects.select_related("dataflow", "audience").get(pk=mapping.pk)


def form_of(stage: SegmentStage, what: str, mapping: Mapping) -> str:
    slug, audience = stage.workspace.slug, mapping.audience.platform_id
    if what == "activation":
        ids = [slug, mapping.dataflow.platform_id, mapping.platform_id, "enable"]
        return reverse("audiences:activation_switch", args=ids)
    return reverse("audiences:audience_switch", args=[slug, audience, "enable"])


def blocked(stage: SegmentStage, mapping: Mapping) -> Any:
    """A press of it beside one that can go: alone it would make no activation."""
    other = next(one for one in stage.good(2) if one.pk != mapping.pk)
    return stage.press([mapping, other])


@pytest.mark.parametrize("what", ["activation", "audience"])
class TestBoth:
    def test_the_card_leads_to_its_form_and_back(self, stage: SegmentStage, what: str) -> None:
        mapping = switched_off(stage, what)
        activation = blocked(stage, mapping)
        there, back = form_of(stage, what, mapping), quote(activation.get_absolute_url(), safe="")
        page = unescape(client_of(stage, "activator").get(activation.get_absolute_url()).content.decode())
        assert f'href="{there}?next={back}"' in page
        assert (
            f'href="{there}'
            not in client_of(stage, "viewer").get(activation.get_absolute_url()).content.decode()
        )

    def test_will_it_go_leads_to_it_and_back_to_the_press(self, stage: SegmentStage, what: str) -> None:
        mapping = switched_off(stage, what)
        client, there = client_of(stage, "activator"), form_of(stage, what, mapping)
        for address in (
            f"{mapping.dataflow.get_absolute_url()}?show=blocked",
            mapping.audience.get_absolute_url(),
        ):
            page = unescape(client.get(address).content.decode())
            assert f'href="{there}?next={quote(address, safe="")}"' in page
            question = client.get(f"{there}?next={quote(address, safe='')}").content.decode()
            assert f'name="next" value="{address}"' in unescape(question)
        looker = client_of(stage, "viewer").get(mapping.dataflow.get_absolute_url()).content.decode()
        assert f'href="{there}?next=' not in looker

    def test_enabled_from_the_card_it_goes_when_retried(self, stage: SegmentStage, what: str) -> None:
        mapping = switched_off(stage, what)
        activation = blocked(stage, mapping)
        stage.settle()
        client = client_of(stage, "activator")
        there = form_of(stage, what, mapping)
        answer = client.post(there, {"press": "once", "next": activation.get_absolute_url()})
        assert answer.headers["Location"] == activation.get_absolute_url()
        wish = Wish.objects.get()
        assert f"wish-{wish.pk}" in client.get(activation.get_absolute_url()).content.decode()
        fulfil_all(stage.workspace, clock=stage.now)
        wish.refresh_from_db()
        assert wish.state == wishes.DONE
        page = client.get(activation.get_absolute_url()).content.decode()
        assert "Retry it now." in page
        client.post(reverse("activations:retry", args=[stage.workspace.slug, activation.pk]), {})
        stage.settle()
        assert states_of(activation) == {states.FINISHED: 2}

    def test_a_change_of_another_thing_is_not_taken_for_it(self, stage: SegmentStage, what: str) -> None:
        mapping = switched_off(stage, what)
        activation = blocked(stage, mapping)
        pair = {"dataflow": mapping.dataflow, "audience": mapping.audience, "mapping": mapping}
        other = {"audience": mapping.audience} if what == "activation" else pair
        ask(stage.workspace, "enable", by=None, press="other", **other)
        (way,) = [way for card in cards_of(activation) for way in card.ways]
        assert way.wish is None


def test_every_way_of_the_page_costs_no_query(stage: SegmentStage, django_assert_num_queries: Any) -> None:
    mapping = switched_off(stage, "activation")
    verdict = verdicts(stage.workspace, [mapping])[mapping.pk]
    assert verdict.main is not None
    with django_assert_num_queries(0):
        found = remedy_of(verdict.main.code, mapping, stage.workspace.slug)
    assert found is not None
    assert str(found.word) == "Enable the activation"


def test_what_nothing_here_mends_has_no_way(stage: SegmentStage) -> None:
    (mapping,) = stage.good()
    assert remedy_of("connection_disabled", mapping, stage.workspace.slug) is None
    assert remedy_of("resync_held", mapping, stage.workspace.slug) is None
    assert only(stage.press([mapping])).state == states.QUEUED
