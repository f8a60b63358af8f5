"""The pages of external audiences: alice may press, bob may look, charlie is a stranger."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audiences.external import actions
from audiences.external.columns import columns_data
from audiences.external.moves import event
from audiences.models import ExternalAudience, ExternalOperation, PlatformJob
from tests.catalogue import make_user
from tests.external.world import SPEC, Stage, fresh, last

pytestmark = pytest.mark.django_db
S = ExternalOperation.State

COLUMNS = columns_data(SPEC["fields"])
FORM: dict[str, Any] = {
    "press": "a-token", "name": "Winter newsletter", "description": "From the fair", "cloud": "DLZ", "connection": "",
    "path": "in/newsletter.csv", "kind": "file", "public_key": "", "signing_key": "", "ttl_days": "40",
    "namespace": "", "labels": "core/C1, core/C2", "tags": "", **COLUMNS,
}  # fmt: skip


class House:
    """A workspace that points at a simulator, and three people."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.workspace = stage.workspace
        self.alice = make_user("alice", "activator", stage.workspace)
        self.bob = make_user("bob", "viewer", stage.workspace)
        self.charlie = make_user("charlie")

    def client(self, user: Any = None) -> Client:
        client = Client()
        client.force_login(user or self.alice)
        return client

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"audiences:{name}", args=[self.workspace.slug, *args])

    def post(self, **changes: Any) -> Any:
        return self.client().post(self.url("external_new"), {**FORM, **changes})


@pytest.fixture
def house(stage: Stage) -> House:
    return House(stage)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def errors(answer: Any, field: str) -> list[str]:
    found = re.findall(rf'id="id_{field}_error">([^<]+)', answer.content.decode())
    return [one.replace("&#x27;", "'") for one in found]


def test_it_works(house: House) -> None:
    assert "New external audience" in text(house.client().get(house.url("externals")))
    assert house.client().get(house.url("external_new")).status_code == 200
    answer = house.post()
    made = ExternalAudience.objects.get()
    assert answer.url == made.get_absolute_url()
    assert (made.created_by, made.labels, made.ttl_days) == (house.alice, ["core/C1", "core/C2"], 40)
    assert made.fields == [
        {"name": "email", "type": "string", "identity": "Email", "labels": []},
        {"name": "city", "type": "string", "identity": "", "labels": ["core/C2"]},
    ]
    assert house.post().url == made.get_absolute_url()
    assert ExternalAudience.objects.count() == 1
    page = text(house.client().get(answer.url))
    assert "Being created" in page
    assert "email text Email" in page
    assert "You asked for the creation" in page
    house.stage.settle(3)
    assert "Created, empty" in text(house.client().get(answer.url))

    started = house.client().post(house.url("external_ingest", made.pk), {"data_from": "2026-01-02T03:04"})
    assert started.status_code == 302
    house.stage.settle(8)
    page = text(house.client().get(answer.url))
    assert "Waits for the daily segmentation" in page
    assert re.search(r"Usable after the next daily segmentation, about 06:00 UTC \(20..-..-..\)", page)
    assert text(house.client().get(house.url("externals"))).count("Waits for the daily segmentation") == 1
    house.stage.next_evaluation()
    page = text(house.client().get(answer.url))
    assert "Dataflows can send it" in page
    audience = fresh(made).mirrored().get()
    assert audience.get_absolute_url() in house.client().get(answer.url).content.decode()
    assert made.get_absolute_url() in house.client().get(audience.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": ""}, "name", "required"),
        ({"path": "in/my list.csv"}, "path", "space"),
        ({"ttl_days": "0"}, "ttl_days", "greater than or equal to 1"),
        ({"ttl_days": "91"}, "ttl_days", "less than or equal to 90"),
        ({"cloud": "S3"}, "connection", "needs its base connection"),
        ({"signing_key": "x"}, "public_key", "public key"),
        ({"c-1-name": "email"}, "c-1-name", "has this name already"),
        ({"c-0-name": "", "c-0-identity": "Email"}, "c-0-name", "needs its name"),
    ],
)
def test_documented_refusals_are_caught_on_their_field(
    house: House, changes: dict[str, str], field: str, says: str
) -> None:
    answer = house.post(**changes)
    assert answer.status_code == 422
    assert any(says in one for one in errors(answer, field)), answer.content.decode()
    assert "Nothing was sent" in text(answer)
    assert not ExternalAudience.objects.exists()
    if "name" not in changes:
        assert 'value="Winter newsletter"' in answer.content.decode()


def test_no_identity_and_no_column(house: House) -> None:
    assert "who the person is" in text(house.post(**{"c-0-identity": ""}))
    assert "at least one column" in text(
        house.post(**{"c-0-name": "", "c-0-identity": "", "c-1-name": "", "c-1-labels": ""})
    )
    assert not ExternalAudience.objects.exists()


def test_a_name_in_use_is_said_on_the_name(house: House) -> None:
    house.post()
    assert "is here already" in errors(house.post(press="another"), "name")[0]
    uploaded = next(
        one
        for one in house.stage.sim.world.sandboxes["prod"].audiences.values()
        if one.origin == "CUSTOM_UPLOAD"
    )
    assert (
        "Adobe has an uploaded audience" in errors(house.post(press="third", name=uploaded.name), "name")[0]
    )


def test_columns_are_read_from_a_sample_and_nothing_is_kept(house: House) -> None:
    sample = b"E-Mail;age;visits;joined;vip;zip\na@example.com;41;9999999999;2025-05-13;true;01234\n"
    answer = house.post(
        read="1",
        sample=SimpleUploadedFile("people.csv", sample + b"b@example.com;7;1;2025-05-14;false;9\n" * 9000),
    )
    page = answer.content.decode()
    shown = re.findall(r'name="c-\d-name" value="([^"]+)"', page)
    assert shown == ["E-Mail", "age", "visits", "joined", "vip", "zip"]
    assert re.findall(r'value="(\w+)" selected', page)[2:8] == [
        "string",
        "integer",
        "long",
        "date",
        "boolean",
        "string",
    ]
    assert 'value="Email"' in page
    assert "example.com" not in page
    assert 'value="in/newsletter.csv"' in page
    assert "6 columns were read" in text(answer)
    assert not ExternalAudience.objects.exists()


@pytest.mark.parametrize(
    ("sample", "says"),
    [(b"", "Choose a CSV file|empty"), (b"\x00\x01", "no text file"), (b"\n\n", "empty"), (b",".join([b"x"] * 50), "50 columns")],
)  # fmt: skip
def test_samples_that_give_no_columns(house: House, sample: bytes, says: str) -> None:
    answer = house.post(read="1", sample=SimpleUploadedFile("x.csv", sample))
    assert re.search(says, text(answer))
    assert 'value="city"' in answer.content.decode()
    assert "Choose a CSV file first" in text(house.post(read="1"))


def test_more_rows_keep_what_was_typed(house: House) -> None:
    page = house.post(more="1").content.decode()
    assert page.count('-identity" ') == 12
    assert 'value="city"' in page
    assert 'value="a-token"' in page


def test_a_refusal_of_adobe_stands_on_its_field(house: House) -> None:
    house.post(cloud="S3", connection="nowhere")
    house.stage.round()
    made = ExternalAudience.objects.get()
    page = text(house.client().get(made.get_absolute_url()))
    said = "baseConnectionId: the connection nowhere was not found."
    assert "Adobe refused the creation" in page
    assert said in page
    answer = house.client().get(f"{house.url('external_new')}?from={made.pk}")
    assert f"Adobe said: {said}" in errors(answer, "connection")[0]
    assert 'value="city"' in answer.content.decode()
    assert house.post(press="again").status_code == 302


def test_who_may_see_and_who_may_press(house: House) -> None:
    made = house.stage.ingested()
    looks = [house.url("externals"), house.url("external", made.pk), house.url("external_status", made.pk)]
    presses = [house.url(f"external_{name}", made.pk) for name in ("ingest", "extend", "look")]
    both = [
        house.url("external_new"),
        house.url("external_change", made.pk),
        house.url("external_delete", made.pk),
    ]
    check = house.url("external_check", made.pk, last(made).pk)
    for url in looks:
        assert house.client(house.bob).get(url).status_code == 200
        assert house.client(house.charlie).get(url).status_code == 404
        assert Client().get(url).status_code == 302
    for url in (*presses, *both, check):
        assert house.client(house.bob).post(url, FORM).status_code == 403
        assert house.client(house.charlie).post(url, FORM).status_code == 404
        assert Client().post(url).status_code == 302
        assert Client(enforce_csrf_checks=True).post(url).status_code in (302, 403)
    for url in both:
        assert house.client().get(url).status_code == 200
        assert house.client(house.bob).get(url).status_code == 403
    for url in (*presses, check):
        assert house.client().get(url).status_code == 405
    page = house.client(house.bob).get(looks[1]).content.decode()
    assert "Start the ingestion" not in page
    assert 'id="delete"' not in page
    assert made.operations.count() == 2
    other = House.__new__(House)
    other.workspace = make_other(house)
    assert house.client().get(House.url(other, "external", made.pk)).status_code == 404


def make_other(house: House) -> Any:
    from audiences.models import Membership
    from tests.catalogue import make_workspace

    other = make_workspace("other")
    Membership.objects.create(workspace=other, user=house.alice, role="activator")
    return other


def test_polling_is_silent_while_nothing_changes_and_ends(
    house: House, django_assert_max_num_queries: Any
) -> None:
    house.post()
    made = ExternalAudience.objects.get()
    client, url = house.client(), house.url("external_status", made.pk)
    page = client.get(made.get_absolute_url()).content.decode()
    poll = re.search(r'hx-get="([^"]+)" hx-trigger="every 2s"', page)
    assert poll
    with django_assert_max_num_queries(14):
        assert client.get(poll[1]).status_code == 204
    house.stage.settle(3)
    answer = client.get(poll[1])
    assert answer.status_code == 200
    body = answer.content.decode()
    assert 'id="announce"' in body
    assert "Created, empty" in body
    assert "hx-trigger" not in body
    assert client.get(url).status_code == 200


def test_ingestion_forms_refuse_on_their_field(house: House) -> None:
    made = house.stage.made()
    url = house.url("external_ingest", made.pk)
    client = house.client()
    answer = client.post(url, {"data_from": ""})
    assert answer.status_code == 422
    assert errors(answer, "data_from")
    answer = client.post(url, {"data_from": "2026-01-02T03:04", "data_until": "2026-01-01T03:04"})
    assert "after the start" in errors(answer, "data_until")[0]
    assert client.post(url, {"data_from": "2026-01-02T03:04"}).status_code == 302
    answer = client.post(url, {"data_from": "2026-01-02T03:04"})
    assert (answer.status_code, "one at a time" in text(answer)) == (409, True)


def test_what_adobe_refuses_of_an_ingestion_stands_on_its_field(house: House) -> None:
    made = house.stage.made()
    now = timezone.now()
    ExternalOperation.objects.create(
        workspace=house.workspace, external=made, kind="ingest", state=S.REFUSED, state_since=now, requested_at=now,
        deadline=now, data_from=now, field="data_from", verbatim="dataFilterStartTime lies too far back.", status=422,
        reason="refused",
    )  # fmt: skip
    answer = house.client().get(made.get_absolute_url())
    assert errors(answer, "data_from") == ["Adobe said: dataFilterStartTime lies too far back."]


def test_change_extend_delete(house: House) -> None:
    made = house.stage.ingested()
    client = house.client()
    change = {"description": "Newer", "ttl_days": "40", "labels": "", "column0": "", "column1": "core/C9"}
    assert client.post(house.url("external_change", made.pk), change).status_code == 302
    assert last(made, "update").change == {"description": "Newer", "field_labels": {"city": ["core/C9"]}}
    house.stage.round()
    same = client.post(house.url("external_change", made.pk), change)
    assert "Nothing was changed" in text(same)
    assert errors(
        client.post(house.url("external_change", made.pk), {**change, "ttl_days": "99"}), "ttl_days"
    )

    client.post(house.url("external_extend", made.pk))
    house.stage.settle(8)
    assert last(made, "extend").state == S.SUCCEEDED
    assert "Keep it 40 days more" in text(client.get(made.get_absolute_url()))

    page = text(client.get(house.url("external_delete", made.pk)))
    assert f"Delete {made.name} in Demo?" in page
    assert house.stage.there()
    client.post(house.url("external_delete", made.pk))
    house.stage.round()
    assert house.stage.there() == []
    page = text(client.get(made.get_absolute_url()))
    assert "It is no longer at Adobe" in page
    assert made.name not in text(client.get(house.url("externals") + "?there=yes"))


def test_stopped_watching_can_be_checked_again(house: House) -> None:
    made = house.stage.asked()
    ExternalOperation.objects.update(state=S.STOPPED)
    event(made, "stopped", now=timezone.now())
    page = house.client().get(made.get_absolute_url())
    assert "Check again" in text(page)
    house.client().post(house.url("external_check", made.pk, last(made).pk))
    assert last(made).state == S.UNCONFIRMED
    again = house.client().post(house.url("external_check", made.pk, last(made).pk), follow=True)
    assert "Nothing to check" in text(again)


def test_near_and_past_its_end(house: House) -> None:
    from datetime import timedelta

    made, now = house.stage.ingested(), timezone.now()
    PlatformJob.objects.create(
        workspace=house.workspace, platform_id="later", kind="segment", status="succeeded",
        created_at=now + timedelta(days=1), completed_at=now + timedelta(days=1),
    )  # fmt: skip
    ExternalAudience.objects.update(expires_at=now + timedelta(days=3))
    page = text(house.client().get(made.get_absolute_url()))
    assert "Usable, lapses soon" in page
    assert "extend it or ingest it again" in page
    ExternalAudience.objects.update(expires_at=now - timedelta(days=1))
    assert "Data lapsed" in text(house.client().get(house.url("externals")))


def test_the_list_asks_no_more_for_more(house: House, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, url = house.client(), house.url("externals")
    house.stage.asked(name="One")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(9):
        house.stage.asked(name=f"More {number}")
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert len(many) == len(few)
    assert "10 external audiences" in page.content.decode()


def test_an_audience_found_is_said_to_be_found(house: House) -> None:
    from tests.external.test_verbs import elsewhere

    elsewhere(house.stage)
    house.post()
    house.stage.settle(4)
    page = text(house.client().get(ExternalAudience.objects.get().get_absolute_url()))
    assert "was at Adobe before and is followed here" in page


def test_creating_needs_no_precondition_but_rights(house: House) -> None:
    with pytest.raises(actions.CannotAsk):
        actions.ingest(house.stage.asked(), data_from=timezone.now(), data_until=None, by=None)


def test_preflight_knows_when_it_was_ingested_and_when_it_lapses(house: House) -> None:
    from datetime import timedelta

    from activations.facts import verdicts
    from tests.catalogue import make_dataflow, make_mapping

    made, now = house.stage.ingested(), timezone.now()
    mapping = make_mapping(make_dataflow(house.workspace), made.mirrored().get())

    def codes() -> set[str]:
        return {finding.code for finding in verdicts(house.workspace, [mapping])[mapping.pk].findings}

    assert "external_not_evaluated" in codes()
    house.workspace.evaluated_at = now + timedelta(days=1)
    assert not codes() & {"external_not_evaluated", "external_lapsed"}
    ExternalAudience.objects.update(expires_at=now)
    assert "external_lapsed" in codes()


def test_administrators_look_at_the_story(house: House) -> None:
    made = house.stage.asked()
    client = house.client(make_user("boss", is_staff=True, is_superuser=True))
    assert made.name in text(client.get(reverse("admin:audiences_externalaudience_changelist")))
    page = text(client.get(reverse("admin:audiences_externalaudience_change", args=[made.pk])))
    assert "creation" in page
    assert "requested" in page
    assert client.get(reverse("admin:audiences_externalaudience_add")).status_code == 403
