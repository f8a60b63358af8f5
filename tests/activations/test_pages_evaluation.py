"""The evaluation page: who may look, who may ask, and the chain from the question of a v1 workspace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activations.models import Activation, Chain
from audiences.models import Audience, PlatformJob, Wish
from audiences.wishes import states
from audiences.wishes.moves import move
from tests.activations.house import House, make_house

pytestmark = pytest.mark.django_db
POSTS = ["evaluate", "export", "cancel_job", "stop_chain"]


@pytest.fixture
def house() -> House:
    return make_house(evaluation_cron="0 0 6 * * ?")


@pytest.fixture
def old_house() -> House:
    return make_house(adhoc_version="v1")


def a_job(house: House, **fields: Any) -> PlatformJob:
    known = {"kind": "segment", "status": "processing", "scheduled": False, "created_at": timezone.now()}
    count = PlatformJob.objects.count()
    known |= {"platform_id": f"job-{count}", "word": "PROCESSING", "segments": ["*"]}
    return PlatformJob.objects.create(workspace=house.workspace, **{**known, **fields})


def a_chain(house: House) -> Chain:
    now = timezone.now()
    return Chain.objects.create(
        workspace=house.workspace,
        asked_at=now,
        press="c",
        name="Sale",
        dataset="d",
        state="evaluating",
        state_since=now,
    )


def address(house: House, name: str) -> str:
    if name == "cancel_job":
        return house.url(name, a_job(house).pk)
    return house.url(name, a_chain(house).pk) if name == "stop_chain" else house.url(name)


def test_it_works(house: House) -> None:
    began = timezone.now() - timedelta(hours=3)
    a_job(
        house, scheduled=True, status="succeeded", created_at=began, completed_at=began + timedelta(minutes=8)
    )
    for who in (house.alice, house.bob):
        text = house.client(who).get(house.url("evaluation")).content.decode()
        assert "took 8 min" in text
        assert "begun " in text
        assert "latest scheduled snapshot" in text
        assert "export-file-now" in text
        assert "v2, the recommended version" in text
    assert "Evaluate now</button>" in house.client().get(house.url("evaluation")).content.decode()
    assert "not ask for jobs" in house.client(house.bob).get(house.url("evaluation")).content.decode()


@pytest.mark.parametrize("name", ["evaluation", "evaluation_status"])
def test_strangers_find_nothing_and_nobody_signs_in(house: House, name: str) -> None:
    assert house.client(house.charlie).get(house.url(name)).status_code == 404
    assert Client().get(house.url(name)).status_code == 302


@pytest.mark.parametrize("name", POSTS)
def test_who_may_change_anything(house: House, name: str) -> None:
    where = address(house, name)
    assert house.client(house.bob).post(where, {}).status_code == 403
    assert house.client(house.charlie).post(where, {}).status_code == 404
    assert house.client().get(where).status_code == 405
    assert not Wish.objects.exists()


def test_an_evaluation_and_an_export_are_written_down(house: House) -> None:
    client, ids = house.client(), [one.audience.platform_id for one in house.mappings[:2]]
    client.post(house.url("evaluate"), {"evaluate-audiences": "\n".join(ids), "press": "a"})
    client.post(house.url("evaluate"), {"evaluate-audiences": "", "press": "b"})
    client.post(house.url("export"), {"export-dataset": "abc123", "export-audiences": ids[0], "press": "c"})
    found = {wish.press: (wish.what, wish.wanted, wish.by) for wish in Wish.objects.all()}
    assert found == {
        "a": ("evaluate", {"audiences": ids}, house.alice),
        "b": ("evaluate", {"audiences": []}, house.alice),
        "c": ("export", {"audiences": ids[:1], "dataset": "abc123"}, house.alice),
    }
    text = client.get(house.url("evaluation")).content.decode()
    for words in ("Evaluate 2 audiences", "Evaluate all audiences", "Export 1 audience to dataset abc123"):
        assert words in text


@pytest.mark.parametrize(("name", "fields", "wrong"), [
    ("evaluate", {"evaluate-audiences": "nobody"}, "audiences"),
    ("export", {"export-dataset": "", "export-audiences": ""}, "dataset"),
    ("export", {"export-dataset": "a b", "export-audiences": ""}, "dataset"),
])  # fmt: skip
def test_what_is_wrong_stands_on_its_field(
    house: House, name: str, fields: dict[str, str], wrong: str
) -> None:
    answer = house.client().post(house.url(name), fields)
    assert answer.status_code == 422
    assert list(answer.context[name].errors) == [wrong]
    assert not Wish.objects.exists()


def test_external_audiences_are_not_evaluated(house: House) -> None:
    Audience.objects.filter(pk=house.mappings[0].audience_id).update(external=True)
    asked = {"evaluate-audiences": house.mappings[0].audience.platform_id}
    answer = house.client().post(house.url("evaluate"), asked)
    assert "External audiences are not evaluated" in answer.content.decode()


def test_the_poll_is_silent_while_nothing_changes_and_ends(house: House) -> None:
    job, client = a_job(house), house.client(house.bob)
    page = client.get(house.url("evaluation"))
    seen = {"seen": page.context["mark"]}
    assert "hx-get" in page.content.decode().split('id="standing"')[1][:300]
    assert client.get(house.url("evaluation_status"), seen).status_code == 204
    PlatformJob.objects.filter(pk=job.pk).update(status="succeeded")
    answer = client.get(house.url("evaluation_status"), seen)
    assert answer.status_code == 200
    assert "hx-get" not in answer.content.decode()


def test_a_job_is_cancelled_and_one_that_is_over_is_not(house: House) -> None:
    client, job = house.client(), a_job(house)
    client.post(house.url("cancel_job", job.pk), {"press": "x"})
    assert (Wish.objects.get().what, Wish.objects.get().job) == ("cancel", job)
    over = a_job(house, status="succeeded")
    client.post(house.url("cancel_job", over.pk), {"press": "y"})
    assert Wish.objects.count() == 1
    assert client.post(house.url("cancel_job", 987654)).status_code == 404


def test_a_refusal_is_shown_in_the_platforms_words(house: House) -> None:
    client = house.client()
    client.post(house.url("export"), {"export-dataset": "nowhere", "export-audiences": "", "press": "c"})
    wish = Wish.objects.get()
    move(wish, states.SENDING, what="taken_up", now=timezone.now())
    said = "The dataset nowhere is not found."
    move(wish, states.REFUSED, what="refused", now=timezone.now(), reason="refused", verbatim=said)
    assert said in client.get(house.url("evaluation")).content.decode()


def test_a_job_that_failed_says_why_in_the_platforms_words(house: House) -> None:
    a_job(house, status="failed", word="FAILED", problems=["80000018: Request rate is large"])
    text = house.client().get(house.url("evaluation")).content.decode()
    assert "<blockquote>80000018: Request rate is large</blockquote>" in text


def test_the_question_of_a_v1_workspace_begins_a_chain(old_house: House) -> None:
    client = old_house.client()
    asked = client.post(old_house.url("confirm"), {"m": [one.pk for one in old_house.mappings]})
    assert "ignore export jobs that were asked for by API" in asked.content.decode()
    # Enter in a field presses the first button of the form: that must be the plain press.
    text = asked.content.decode()
    assert text.index("Activate now</button>") < text.index('name="go" value="chain"')
    paper = old_house.paper(client)
    wrong = client.post(old_house.url("press"), {"paper": paper, "go": "chain", "dataset": "no good"})
    assert wrong.status_code == 422
    assert "letters, digits and hyphens" in wrong.content.decode()
    answer = client.post(
        old_house.url("press"), {"paper": paper, "go": "chain", "dataset": "abc123", "name": "Sale"}
    )
    assert answer["Location"] == old_house.url("evaluation")
    chain = Chain.objects.get()
    assert (chain.name, chain.dataset, chain.by, chain.state) == (
        "Sale",
        "abc123",
        old_house.alice,
        "evaluating",
    )
    assert Wish.objects.get().wanted == {
        "audiences": sorted(one.audience.platform_id for one in old_house.mappings)
    }
    assert not Activation.objects.exists()
    text = client.get(old_house.url("evaluation")).content.decode()
    assert "1 of 3: evaluating" in text
    client.post(old_house.url("stop_chain", chain.pk))
    assert "stopped by a person" in client.get(old_house.url("evaluation")).content.decode()


def test_v2_offers_no_chain_and_takes_none(house: House) -> None:
    client = house.client()
    asked = client.post(house.url("confirm"), {"m": [house.mappings[0].pk]})
    assert "Evaluate and export first" not in asked.content.decode()
    answer = client.post(
        house.url("press"), {"paper": house.paper(client), "go": "chain", "dataset": "abc123"}
    )
    assert answer.status_code == 409
    assert "uses v2" in answer.content.decode()
    assert not Chain.objects.exists()


def test_the_list_of_audiences_says_when_the_evaluation_ended(house: House) -> None:
    house.workspace.evaluated_at = timezone.now()
    house.workspace.save()
    page = house.client().get(reverse("audiences:audiences", args=[house.workspace.slug]))
    assert "Last daily evaluation ended " in page.content.decode()
