"""The activation's page: truth in words, the poll, and the changes people may make."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from activations import states
from activations.models import Activation, Delivery
from activations.summary import summarize
from tests.activations.house import House, ended, make_house, refused, running, sent
from tests.catalogue import make_audience, make_dataflow, make_mapping

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house(6)


def mixed(house: House) -> Activation:
    made = house.activation(name="Friday flash sale")
    moving = running(made, sent(made, outcome="accepted", status=200, request_id="req-1"))
    ended(moving[:2], states.SUCCEEDED, activated=48_198, excluded=12, files=2, run_word="Success")
    ended(moving[2:4], states.FAILED, reason="run_failed", issues=[{"code": "X-1", "message": "disk full"}])
    made.refresh_from_db()
    return made


def test_it_works(house):
    made = mixed(house)
    page = house.client().get(house.url("activation", made.pk)).content.decode()
    for words in (
        "Friday flash sale", "2 delivered · 2 failed · 2 running of 6", "48,198", "12 excluded", "Adobe: Success",
        "The run failed at Adobe", "X-1: disk full", "Retry 2 deliveries", "Job 1 sent, 6 deliveries",
        "You pressed Activate now: 6 deliveries", "req-1", "pressed by you",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("<article") == 1


def test_what_the_platform_said_is_quoted_without_a_blank_more(house):
    made = mixed(house)
    page = house.client().get(house.url("activation", made.pk)).content.decode()
    assert "<blockquote>X-1: disk full</blockquote>" in page


def test_an_empty_file_is_said_once_in_its_row(house):
    made = house.activation(house.mappings[0])
    ended(running(made, sent(made)), states.EMPTY, reason="empty", activated=0, files=1)
    (row,) = house.client().get(house.url("activation", made.pk)).context["rows"]
    assert row.under == []


def test_a_press_without_a_person_says_where_it_came_from(house):
    made = house.activation(by=None, source=Activation.Source.COMMAND)
    page = house.client().get(house.url("activation", made.pk)).content.decode()
    assert "The command line pressed Activate now: 6 deliveries" in page
    assert "pressed from the command line" in page


def test_a_dataflow_is_named_on_each_row_only_where_there_are_several(house):
    made = house.activation(name="Friday flash sale")
    flow = made.deliveries.first().dataflow.name
    page = house.client().get(house.url("activation", made.pk)).content.decode()
    assert f'<span class="under">{flow}</span>' not in page
    assert f"6 deliveries → {flow}" in " ".join(page.split())
    other = make_mapping(make_dataflow(house.workspace, "Braze"), make_audience(house.workspace))
    two = house.activation(other, make_mapping(house.mappings[0].dataflow, make_audience(house.workspace)))
    page = house.client().get(house.url("activation", two.pk)).content.decode()
    assert '<span class="under">Braze</span>' in page
    assert f'<span class="under">{flow}</span>' in page


def test_a_name_that_says_where_is_not_said_again(house):
    made = house.activation()
    page = house.client().get(house.url("activation", made.pk)).content.decode()
    assert made.name == "6 audiences → Campaign S3"
    assert "6 deliveries →" not in page


def test_a_number_of_files_that_is_unknown_is_said_so(house):
    made = mixed(house)
    page = house.client().get(house.url("activation", made.pk)).content.decode()
    assert "2 files" in page
    assert "files unknown" in page


def test_only_what_is_queued_is_promised_the_next_job(house):
    made = house.activation(name="Friday flash sale")
    address = house.url("activation", made.pk)
    assert "The first job leaves in about 1 s" in house.client().get(address).content.decode()
    made.deliveries.update(state=states.ARMED)
    assert "The first job leaves" not in house.client().get(address).content.decode()


def test_filters_and_search(house):
    made, client = mixed(house), house.client()
    address = house.url("activation", made.pk)
    found = client.get(address + "?show=needs").context["rows"]
    assert [row.delivery.state for row in found] == [states.FAILED] * 2
    assert client.get(address + "?q=0003").content.decode().count("Audience 0003") >= 1
    nothing = client.get(address + "?q=no-such").content.decode()
    assert "No delivery fits" in nothing
    assert client.get(address + "?show=bogus&page=999&q=%00").status_code == 200


def test_an_unchanged_poll_costs_one_query_and_says_nothing(house, django_assert_max_num_queries):
    made, client = mixed(house), house.client()
    address = house.url("status", made.pk) + f"?v={made.version}"
    with django_assert_max_num_queries(1):
        answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.content == b""


def test_a_changed_poll_brings_the_fragment_and_announces_it(house):
    made, client = mixed(house), house.client()
    text = client.get(house.url("status", made.pk) + f"?v={made.version - 1}").content.decode()
    assert text.lstrip().startswith("<title>4/6 · Friday flash sale")
    assert '<section class="card pad" id="status"' in text
    assert f"v={made.version}" in text
    assert 'hx-trigger="every 2s"' in text
    assert '<p id="announce" hx-swap-oob="innerHTML">2 delivered' in text
    assert "<html" not in text


def test_the_tab_says_how_far_it_is_and_what_needs_somebody(house):
    made, client = mixed(house), house.client()
    address = house.url("activation", made.pk)
    title = "<title>{} · Activate on-demand</title>"

    def said():
        return " ".join(client.get(address).content.decode().split())

    assert title.format("4/6 · Friday flash sale") in said()
    ended(list(made.deliveries.filter(state=states.RUNNING).select_related("audience")), states.SUCCEEDED)
    assert title.format("2 need you · Friday flash sale") in said()
    made.deliveries.filter(state=states.FAILED).update(state=states.SUCCEEDED)
    assert title.format("Friday flash sale") in said()


def test_a_running_row_says_how_long_it_usually_takes(house):
    made = mixed(house)
    row = house.client().get(house.url("activation", made.pk)).context["rows"][-1]
    assert row.delivery.state == states.RUNNING
    assert row.under[1] == "how long it takes is unknown yet"
    began = timezone.now() - timedelta(hours=1)
    for took in (20, 22, 24, 26, 90):
        mapping = make_mapping(house.mappings[0].dataflow, make_audience(house.workspace))
        past = house.activation(mapping)
        past.deliveries.update(
            state=states.SUCCEEDED, started_at=began, finished_at=began + timedelta(seconds=took)
        )
    row = house.client().get(house.url("activation", made.pk)).context["rows"][-1]
    assert row.under[1] == "usually 22 s, 9 of 10 under 2 min"


def test_a_refresh_without_version_announces_nothing(house):
    text = house.client().get(house.url("status", mixed(house).pk)).content.decode()
    assert 'id="announce"' not in text
    assert 'id="status"' in text


def test_the_finished_fragment_has_no_trigger(house):
    made = mixed(house)
    ended(list(made.deliveries.filter(state=states.RUNNING).select_related("audience")), states.SUCCEEDED)
    text = house.client().get(house.url("status", made.pk) + "?v=1").content.decode()
    assert "hx-trigger" not in text
    assert "hx-get" not in text
    assert "over after" in text


def test_the_page_asks_less_often_when_it_takes_long(house):
    made, client = mixed(house), house.client()
    for age, every in ((timedelta(minutes=5), 5), (timedelta(minutes=30), 15), (timedelta(hours=5), 30)):
        Activation.objects.update(requested_at=timezone.now() - age)
        assert f'hx-trigger="every {every}s"' in client.get(house.url("status", made.pk)).content.decode()


@pytest.mark.parametrize("who", ["charlie", None])
def test_a_poll_tells_strangers_nothing(house, who):
    from django.test import Client

    made = mixed(house)
    client = house.client(house.charlie) if who else Client()
    answer = client.get(house.url("status", made.pk) + f"?v={made.version}", headers={"HX-Request": "true"})
    if who:
        assert answer.status_code == 404
    else:
        assert "/accounts/login/" in answer["HX-Redirect"]


def test_a_locked_person_gets_no_204(house):
    made, client = mixed(house), house.client()
    house.alice.is_active = False
    house.alice.save()
    assert client.get(house.url("status", made.pk) + f"?v={made.version}").status_code == 302


def test_cancel_takes_back_what_is_unsent(house):
    made, client = house.activation(), house.client()
    assert "Cancel 6 unsent deliveries" in client.get(house.url("activation", made.pk)).content.decode()
    answer = client.post(house.url("cancel", made.pk), follow=True)
    assert summarize(made).counts == {states.CANCELED: 6}
    text = answer.content.decode()
    assert "6 deliveries canceled; they were not sent." in text
    assert "by alice" in text
    assert "You canceled 6 deliveries before sending" in text
    again = client.post(house.url("cancel", made.pk), follow=True).content.decode()
    assert "Nothing was canceled" in again


def test_retry_makes_new_deliveries_that_name_the_old(house):
    made, client = house.activation(), house.client()
    refused(made, sent(made))
    page = client.get(house.url("activation", made.pk)).content.decode()
    assert "Retry 6 failed deliveries" in page
    assert "Not mapped, or outside its schedule" in page
    assert page.count("Segments A are not part of this dataflow or out of schedule range!") == 1
    client.post(house.url("retry", made.pk))
    assert summarize(made).counts == {states.QUEUED: 6}
    assert "retried; before: Refused" in client.get(house.url("activation", made.pk)).content.decode()
    client.post(house.url("retry", made.pk))
    assert Delivery.objects.count() == 12


def test_a_retry_that_lost_its_race_is_a_sentence(house, monkeypatch):
    def always_late(*_args):
        raise IntegrityError

    monkeypatch.setattr("activations.actions._retry", always_late)
    client, made = house.client(), house.activation()
    page = client.post(house.url("retry", made.pk), follow=True).content.decode()
    assert "pressed by someone else right now" in page


def test_retry_of_one_card_leaves_the_others(house):
    from activations.selection import fold

    made, client = mixed(house), house.client()
    failed = made.deliveries.filter(state=states.FAILED).first()
    client.post(house.url("retry", made.pk), {"only": fold([failed.pk])})
    assert made.deliveries.filter(superseded=True).count() == 1
    client.post(house.url("retry", made.pk), {"only": ""})
    assert made.deliveries.filter(superseded=True).count() == 1


def test_check_again_asks_once_more(house):
    made, client = house.activation(), house.client()
    ended(running(made, sent(made)), states.STOPPED, reason="watch_limit")
    assert "Check 6 deliveries again" in client.get(house.url("activation", made.pk)).content.decode()
    client.post(house.url("check_again", made.pk))
    assert summarize(made).counts == {states.RUNNING: 6}


def test_refused_credentials_name_the_field(house):
    from activations.models import Event

    made = house.activation()
    refused(made, sent(made), reason="credentials_refused", verbatim="")
    Event.objects.filter(what="refused").update(data={"field": "sandbox"})
    assert (
        "Adobe does not accept the sandbox"
        in house.client().get(house.url("activation", made.pk)).content.decode()
    )


def test_the_job_shows_the_call_without_secrets(house):
    made = house.activation()
    job = sent(
        made, request={"flow": ["a"]}, answer='{"token": "Bearer abc.def", "who": "kim@example.com", "x": 1}'
    )
    text = house.client().get(house.url("job", made.pk, job.pk)).content.decode()
    assert "/data/core/activation/disflowprovider/adhocrun" in text
    assert "version=2" in text
    assert "abc.def" not in text
    assert "kim@example.com" not in text
    assert "&quot;x&quot;: 1" in text
    other = make_house_job(house)
    assert house.client().get(house.url("job", made.pk, other)).status_code == 404


def make_house_job(house: House) -> int:
    mapping = make_mapping(house.mappings[0].dataflow, make_audience(house.workspace, "Other"))
    return sent(house.activation(mapping)).pk


def test_the_bundle_is_whole_and_redacted(house):
    made = mixed(house)
    made.events.filter(what="accepted").update(data={"said": "Bearer eyJabcdefgh.x.y"})
    answer = house.client().get(house.url("bundle", made.pk))
    assert "attachment" in answer["Content-Disposition"]
    found = json.loads(answer.content)
    assert len(found["deliveries"]) == 6
    assert len(found["jobs"]) == 1
    assert "eyJabcdefgh" not in answer.content.decode()
    assert "1234@AdobeOrg" not in answer.content.decode()


def queries(house: House, made: Activation, name: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = house.client()
    client.get(house.url(name, made.pk))
    with CaptureQueriesContext(
        connection,
    ) as caught:
        client.get(house.url(name, made.pk))
    return len(caught)


@pytest.mark.parametrize("name", ["activation", "status"])
def test_queries_do_not_grow_with_the_deliveries(name):
    house = make_house(200)
    few = house.activation(*house.mappings[:10])
    many = house.activation(*house.mappings[10:])
    for made in (few, many):
        moving = running(made, sent(made))
        ended(moving[:5], states.FAILED, reason="run_failed")
    # The few go in one call, and ask how long that usually takes.
    assert queries(house, many, name) <= queries(house, few, name) <= 20
