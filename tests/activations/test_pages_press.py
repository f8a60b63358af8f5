"""The press by a plain client: question, paper, one POST; and every way in which nothing is sent twice."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from activations import question, states
from activations.going import Row
from activations.models import Activation, Delivery
from activations.preflight import Verdict
from activations.resyncs import Resyncs
from activations.selection import fold
from tests.activations.house import House, make_house, paper_of
from tests.catalogue import (
    make_audience,
    make_dataflow,
    make_destination,
    make_mapping,
    make_run,
    make_workspace,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def test_it_works(house):
    client = house.client()
    paper = house.paper(client)
    answer = client.post(
        house.url("press"), {"paper": paper, "name": "Flash sale", "reason": "briefed by Kim"}
    )
    made = Activation.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == made.get_absolute_url()
    assert (made.name, made.reason, made.requested_by, made.source) == (
        "Flash sale",
        "briefed by Kim",
        house.alice,
        "page",
    )
    assert sorted(made.deliveries.values_list("mapping_id", "state")) == [
        (m.pk, states.QUEUED) for m in house.mappings
    ]
    assert made.events.filter(what="requested").count() == 3
    page = client.get(answer["Location"]).content.decode()
    assert "Flash sale" in page
    assert "The first job leaves in about 1 s" in page


def test_asking_sends_nothing(house):
    house.paper(house.client())
    assert not Activation.objects.exists()


def test_the_question_says_what_how_fresh_how_many_and_what_does_not_happen(house):
    house.workspace.snapshot_at = timezone.now() - timedelta(hours=11, minutes=20)
    house.workspace.evaluation_cron = "0 0 6 1/1 * ? *"
    house.workspace.save()
    new = make_mapping(house.mappings[0].dataflow, make_audience(house.workspace, "Brand new"),
                       mapped_at=timezone.now() - timedelta(minutes=19))  # fmt: skip
    over = make_mapping(house.mappings[0].dataflow, make_audience(house.workspace, "Lapsed"),
                        end_date=timezone.now().date() - timedelta(days=3))  # fmt: skip
    chosen = [*house.mappings, new, over]
    page = house.client().post(house.url("confirm"), {"m": [m.pk for m in chosen]}).content.decode()
    for words in (
        "Send 4 audiences to Campaign S3", "11 h 20 min", "192,840 profiles", "Changes since are not included",
        "next evaluation about", "3 go now", "3 deliveries leave in 1 job.",
        "Today 0 of 20 jobs used.",
        "Brand new → Campaign S3 is armed", "Lapsed → Campaign S3 is blocked", "Your schedules stay as they are.",
        "Once Adobe accepts, it cannot be stopped here.",
    ):  # fmt: skip
        assert words in page, words


def test_the_question_says_what_joins_a_run_that_is_going_on(house):
    joins = house.mappings[0]
    make_run(
        joins.dataflow, joins.audience, status="running", word="inProgress", ad_hoc=True, completed_at=None
    )
    page = house.client().post(house.url("confirm"), {"m": [m.pk for m in house.mappings]}).content.decode()
    assert f"{joins.audience.name} → Campaign S3 joins</b>" in page
    assert "2 go now" in page
    assert "2 deliveries leave in 1 job." in page, "to join a run takes no call"
    assert "We follow that run to its end." in page


def test_a_place_of_segments_is_called_by_its_own_name(house):
    there = make_destination(house.workspace, "Iterable (Actions)", account="Iterable EU")
    flow = make_dataflow(house.workspace, "Gold connection", kind="connection", destination=there)
    mapping = make_mapping(flow, make_audience(house.workspace, "Gold"))
    page = house.client().post(house.url("confirm"), {"m": [mapping.pk]}).content.decode()
    assert "Gold → Iterable EU" in page
    assert question.ask(house.workspace, [mapping]).rows[0].where == "Iterable EU"


def test_people_of_several_resyncs_of_an_audience_are_said_to_be_counted_for_each(house):
    one = Row(house.mappings[0], Verdict())
    for rows, said in (([one], False), ([one, one], True)):
        line = render_to_string("activations/parts/resyncs.html", {"found": [Resyncs(rows, None)]})
        assert ("</b>, counted once for each resync" in line) is said


def test_what_became_blocked_after_it_was_ticked_is_told_in_the_question(house):
    client, gone = house.client(), house.mappings[0]
    chosen = fold(mapping.pk for mapping in house.mappings)
    gone.end_date = timezone.now().date() - timedelta(days=3)
    gone.save()
    page = client.get(house.url("activate"), {"sel": chosen}).content.decode()
    kept = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("sel", "shown")}
    ticked = {**kept, "m": [mapping.pk for mapping in house.mappings[1:]]}
    asked = client.post(house.url("confirm"), ticked).content.decode()
    assert "Send 2 audiences to Campaign S3" in asked
    assert f"{gone.audience.name} → Campaign S3 is blocked" in asked


def test_unknown_freshness_is_said_in_words(house):
    make_audience(house.workspace)
    for mapping in house.mappings:
        mapping.audience.profiles = None
        mapping.audience.save()
    page = house.client().post(house.url("confirm"), {"m": [m.pk for m in house.mappings]}).content.decode()
    assert "when that was made is <b>unknown</b>" in page
    assert "profile counts unknown" in page
    assert "when the next evaluation comes is unknown" in page


def test_a_large_press_shows_its_split_and_asks_for_the_name():
    house = make_house(172)
    client = house.client()
    page = client.post(house.url("confirm"), {"m": [m.pk for m in house.mappings]})
    assert "172 deliveries leave in 3 jobs: 80 + 80 + 12." in page.content.decode()
    refused = client.post(house.url("press"), {"paper": paper_of(page), "workspace_name": "wrong"})
    assert refused.status_code == 422
    assert (
        "Write the workspace&#x27;s name to confirm: Northwind Retail. Nothing was sent."
        in refused.content.decode()
    )
    # What was written stays in its field, and the sentence stands there.
    field = refused.content.decode().split('name="workspace_name"')[1].split("</div>")[0]
    assert 'value="wrong"' in field
    assert " autofocus" in field
    assert '<p class="error">Write the workspace' in field
    assert not Activation.objects.exists()
    pressed = client.post(
        house.url("press"), {"paper": paper_of(refused), "workspace_name": " northwind retail "}
    )
    assert pressed.status_code == 303
    assert Delivery.objects.count() == 172


def test_a_production_workspace_asks_for_its_name():
    house = make_house(1, production=True)
    client = house.client()
    assert client.post(house.url("press"), {"paper": house.paper(client)}).status_code == 422
    assert not Activation.objects.exists()


def test_a_choice_that_nobody_could_have_made_is_not_kept_through_a_sign_in(client, house):
    answer = client.post(
        house.url("press"), {"sel": "x" * 1_000_000}, headers={"referer": "http://testserver/w/"}
    )
    assert answer.status_code == 302
    assert len(answer["Location"]) < 500


def test_who_was_signed_out_at_the_question_comes_back_to_the_choice(house):
    client = house.client()
    asked = client.post(house.url("confirm"), {"m": [m.pk for m in house.mappings]})
    chosen = fold(mapping.pk for mapping in house.mappings)
    client.logout()
    pressed = {"paper": paper_of(asked), "sel": chosen}
    for referer in ("http://testserver" + house.url("confirm"), "https://evil.example/confirm/"):
        away = client.post(house.url("press"), pressed, headers={"referer": referer})
        assert ("evil" in away["Location"], away.status_code) == (False, 302)
        if "evil" in referer:
            assert "sel" not in away["Location"]
            continue
        assert (
            "Nothing was sent. Sign in; your choice is kept." in client.get(away["Location"]).content.decode()
        )
        back = parse_qs(urlsplit(away["Location"]).query)["next"][0]
    client.force_login(house.alice)
    page = client.get(back, follow=True)
    assert page.redirect_chain == [(f"{house.url('activate')}?sel={chosen}", 302)]
    assert f'name="sel" value="{chosen}"' in asked.content.decode()
    assert f'name="sel" value="{chosen}"' in page.content.decode()
    assert not Activation.objects.exists()


def test_two_waits_of_which_one_has_a_moment_name_it(house):
    both = house.mappings[0]
    both.mapped_at = timezone.now() - timedelta(minutes=16)
    both.save()
    both.dataflow.state = "enabling"
    both.dataflow.save()
    client = house.client()
    assert "Waits, not before" in client.get(house.url("activate")).content.decode()
    asked = client.post(house.url("confirm"), {"m": [both.pk]})
    assert "it goes by itself, once, not before" in asked.content.decode()
    pressed = client.post(house.url("press"), {"paper": paper_of(asked)}, follow=True)
    assert "not before" in pressed.content.decode()


def test_a_blocked_cell_leads_to_what_mends_it(house):
    over = house.mappings[0]
    over.end_date = timezone.now().date() - timedelta(days=3)
    over.save()
    link = reverse(
        "audiences:mapping", args=["northwind", over.dataflow.platform_id, over.audience.platform_id]
    )
    assert f'href="{link}?' in house.client().get(house.url("activate")).content.decode()
    assert f'href="{link}?' not in house.client(house.bob).get(house.url("activate")).content.decode()


def test_a_double_click_makes_one_activation(house):
    client = house.client()
    paper = house.paper(client)
    first, second = (client.post(house.url("press"), {"paper": paper}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Activation.objects.count() == 1
    assert Delivery.objects.count() == 3


def test_the_back_button_and_another_press_find_the_same_activation(house):
    client = house.client()
    paper = house.paper(client)
    first = client.post(house.url("press"), {"paper": paper})
    Delivery.objects.update(state=states.SUCCEEDED)
    again = client.post(house.url("press"), {"paper": paper})
    assert again["Location"] == first["Location"]
    assert Delivery.objects.count() == 3


def test_the_second_of_two_tabs_is_out_of_date_and_leads_to_the_first(house):
    client = house.client()
    one, two = house.paper(client), house.paper(client)
    made = client.post(house.url("press"), {"paper": one})
    answer = client.post(house.url("press"), {"paper": two})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Nothing was sent a second time" in text
    assert made["Location"] in text
    assert Delivery.objects.count() == 3


def test_an_old_page_asks_again_with_fresh_numbers(house, monkeypatch):
    client = house.client()
    paper = house.paper(client)
    monkeypatch.setattr(question, "LASTS", timedelta(seconds=-1))
    answer = client.post(house.url("press"), {"paper": paper, "reason": "kept"})
    assert answer.status_code == 409
    assert "This page is too old, look again" in answer.content.decode()
    assert 'value="kept"' in answer.content.decode()
    assert not Activation.objects.exists()
    monkeypatch.undo()
    assert client.post(house.url("press"), {"paper": paper_of(answer)}).status_code == 303


@pytest.mark.parametrize("spoil", ["", "nonsense", "x:y:z"])
def test_an_unreadable_paper_sends_nothing(house, spoil):
    answer = house.client().post(house.url("press"), {"paper": spoil})
    assert answer.status_code == 400
    assert "Nothing was sent" in answer.content.decode()
    assert not Activation.objects.exists()


def test_a_changed_paper_sends_nothing(house):
    client = house.client()
    paper = house.paper(client)
    assert client.post(house.url("press"), {"paper": "A" + paper[1:]}).status_code == 400
    forged = signing.dumps({"w": house.workspace.pk}, salt="somebody else's")
    assert client.post(house.url("press"), {"paper": forged}).status_code == 400
    assert not Activation.objects.exists()


def test_a_paper_belongs_to_its_person_and_workspace(house):
    from tests.catalogue import make_user

    paper = house.paper(house.client())
    dora = make_user("dora", "activator", house.workspace)
    assert house.client(dora).post(house.url("press"), {"paper": paper}).status_code == 400
    assert not Activation.objects.exists()


def test_viewers_may_not_press_even_with_a_paper(house):
    mappings = house.mappings
    paper = question.seal(house.workspace, house.bob, mappings)
    answer = house.client(house.bob).post(house.url("press"), {"paper": paper})
    assert answer.status_code == 403
    assert "Activate Destinations" in answer.content.decode()
    assert not Activation.objects.exists()


def test_nothing_selected_is_said_on_the_choosing_page(house):
    answer = house.client().post(house.url("confirm"), follow=True)
    assert answer.redirect_chain[0][0] == house.url("activate")
    assert "No audience is selected" in answer.content.decode()


def test_foreign_and_unknown_mappings_are_not_found(house):
    foreign = make_mapping(make_dataflow(make_workspace("other")))
    for pk in (foreign.pk, 999_999_999):
        assert house.client().post(house.url("confirm"), {"m": [house.mappings[0].pk, pk]}).status_code == 404
    assert house.client().post(house.url("confirm"), {"m": ["x", "-1", "٣"]}).status_code == 302


def test_a_mapping_that_vanished_meanwhile_is_blocked_and_the_rest_goes(house):
    client = house.client()
    paper = house.paper(client)
    gone = house.mappings[0]
    gone.vanished_at = timezone.now()
    gone.save()
    client.post(house.url("press"), {"paper": paper})
    found = dict(Delivery.objects.values_list("mapping_id", "state"))
    assert found[gone.pk] == states.BLOCKED
    assert [found[m.pk] for m in house.mappings[1:]] == [states.QUEUED] * 2


def test_a_disabled_dataflow_sends_nothing_and_says_why(house):
    client = house.client()
    paper = house.paper(client)
    flow = house.mappings[0].dataflow
    flow.state = "disabled"
    flow.save()
    answer = client.post(house.url("press"), {"paper": paper})
    assert answer.status_code == 409
    assert "The dataflow is disabled." in answer.content.decode()
    assert not Activation.objects.exists()
    asked = client.post(house.url("confirm"), {"m": [m.pk for m in house.mappings]}).content.decode()
    assert "None of these can go" in asked
    assert "Activate now</button>" not in asked


def test_reading_the_addresses_of_a_press_leads_to_choosing(house):
    for name in ("confirm", "press"):
        assert house.client().get(house.url(name))["Location"] == house.url("activate")


def test_broken_text_in_a_press_is_no_error(house):
    client = house.client()
    data = {"paper": house.paper(client), "name": "a\0b" * 400, "reason": "\0" + "r" * 900}
    assert client.post(house.url("press"), data).status_code == 303
    made = Activation.objects.get()
    assert len(made.name) == 200
    assert len(made.reason) == 500
