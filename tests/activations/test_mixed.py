"""One activation that spans several workspaces, of both vendors: who sees it, who may press, what it says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activations import actions, states
from activations.models import Activation, Delivery, Event, Hold, Job, Share
from activations.moves import move
from audiences.models import Mapping, Membership, User, Workspace
from tests.activations.house import House, ended, make_house, paper_of
from tests.activations.test_commands import run
from tests.catalogue import make_audience, make_dataflow, make_mapping, make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def away(house: House) -> Workspace:
    """Alice may press there as well; bob, a viewer at home, knows nothing of it."""
    workspace = make_workspace("zoo", name="Zoo Hotels", sandbox="dev", send_limit=timedelta(hours=2))
    join(house.alice, workspace)
    return workspace


def join(user: User, workspace: Workspace, role: str = "activator") -> None:
    Membership.objects.create(user=user, workspace=workspace, role=role)


@pytest.fixture
def there(away: Workspace) -> list[Mapping]:
    flow = make_dataflow(away, "Hotel SFTP")
    return [make_mapping(flow, make_audience(away, f"Guest {n}")) for n in range(2)]


def mixed(house: House, there: list[Mapping], **fields: Any) -> Activation:
    return house.activation(*house.mappings, *there, **fields)


def leave(deliveries: Any) -> list[Delivery]:
    """Handed over and taken by the platform, in one job per workspace, as dispatch does it."""
    found: list[Delivery] = []
    for place in Workspace.objects.all():
        mine = list(deliveries.filter(workspace=place).select_related("audience", "dataflow"))
        if not mine:
            continue
        now = timezone.now()
        job = Job.objects.create(workspace=place, created_at=now, lease_until=now, size=len(mine))
        Hold.objects.bulk_create(Hold(workspace=place, key=d.audience.platform_id, job=job) for d in mine)
        move(mine, states.SENDING, what="sent", now=now, job=job, job_id=job.pk)
        each = {delivery.pk: {"run_id": f"run-{delivery.pk}"} for delivery in mine}
        found += move(mine, states.RUNNING, what="accepted", now=now, job=job, each=each, started_at=now)
    return found


def test_it_works(house, away, there, django_capture_on_commit_callbacks):
    away.snapshot_at = timezone.now() - timedelta(hours=3)
    away.save()
    made = mixed(house, there)
    assert made.workspace == house.workspace
    assert made.places == [house.workspace, away]
    counted = {place: made.deliveries.filter(workspace=place).count() for place in made.places}
    assert counted == {house.workspace: 3, away: 2}
    assert made.shares.get(workspace=away).snapshot_at == away.snapshot_at
    assert Event.objects.filter(activation=made, workspace=away, what="requested").count() == 2
    until = made.deliveries.filter(workspace=away).first().deadline
    assert timedelta(hours=1) < until - timezone.now() < timedelta(hours=3), (
        "each has its workspace's own limit"
    )


def test_one_that_stays_at_home_shares_nothing(house):
    house.activation()
    assert not Share.objects.exists()


def test_every_workspace_is_told_at_once(house, away, there, monkeypatch):
    told: list[int] = []
    monkeypatch.setattr("activations.nudges.nudge", lambda task, *args, **more: told.append(args[0]))
    made = mixed(house, there)
    assert sorted(told) == sorted([house.workspace.pk, away.pk])
    told.clear()
    made.deliveries.update(state=states.STOPPED, run_id="run")
    assert actions.check_again(made, by=house.alice) == 5
    assert sorted(told) == sorted([house.workspace.pk, away.pk])


def test_the_same_audience_id_in_two_workspaces_is_held_twice_and_let_go_once_each(house, away, there):
    Mapping.objects.filter(pk=there[0].pk).update(platform_id="x")
    there[0].audience.platform_id = house.mappings[0].audience.platform_id
    there[0].audience.save()
    made = mixed(house, there)
    under_way = leave(made.deliveries)
    assert Hold.objects.count() == 5
    ended(under_way, states.SUCCEEDED)
    assert not Hold.objects.exists()


def test_the_same_press_is_the_same_activation(house, there):
    assert mixed(house, there, press="once") == mixed(house, there, press="once")


def test_an_export_job_is_of_one_workspace(house, there):
    with pytest.raises(ValueError, match="another workspace"):
        mixed(house, there, export_id="export-1")


def test_retry_and_cancel_reach_every_workspace(house, away, there):
    made = mixed(house, there)
    assert actions.cancel(made, by=house.alice) == 5
    assert actions.retry(made, by=house.alice, only=list(made.deliveries.values_list("pk", flat=True))) == 5
    again = made.deliveries.filter(superseded=False)
    assert sorted(again.values_list("workspace__slug", flat=True)) == ["northwind"] * 3 + ["zoo"] * 2


class TestWhoSeesIt:
    @pytest.fixture
    def made(self, house: House, there: list[Mapping]) -> Activation:
        made = mixed(house, there, name="Storm warning")
        leave(made.deliveries)
        return made

    def addresses(self, house: House, made: Activation) -> list[str]:
        job = Job.objects.first()
        assert job is not None
        return [house.url(name, made.pk) for name in ("activation", "status", "bundle")] + [
            house.url("job", made.pk, job.pk)
        ]

    def test_those_who_see_every_workspace(self, house, made):
        for address in self.addresses(house, made):
            assert house.client().get(address).status_code == 200

    def test_nobody_who_sees_only_a_part(self, house, away, made):
        zora = make_user("zora", "activator", away)
        for viewer in (house.bob, zora, house.charlie):
            for address in self.addresses(house, made):
                assert house.client(viewer).get(address).status_code == 404
                versioned = f"{house.url('status', made.pk)}?v={Activation.objects.get().version}"
                assert house.client(viewer).get(versioned).status_code == 404
            assert not Activation.objects.visible_to(viewer).exists()
        for viewer, slug in ((house.bob, house.workspace.slug), (zora, away.slug)):
            for page in ("", "activations/", "activations/?csv=deliveries"):
                answer = house.client(viewer).get(f"/w/{slug}/{page}")
                assert "Storm warning" not in answer.getvalue().decode()
        audience = there_of(away)
        answer = house.client(zora).get(f"/w/zoo/audiences/{audience}/")
        assert "Storm warning" not in answer.content.decode()

    def test_an_unchanged_one_costs_one_query(self, house, made):
        client = house.client()
        version = Activation.objects.get().version
        client.get(house.url("status", made.pk))
        with CaptureQueriesContext(connection) as caught:
            assert client.get(f"{house.url('status', made.pk)}?v={version}").status_code == 204
        assert len([one for one in caught if "django_session" not in one["sql"]]) == 1

    def test_it_stands_in_the_history_of_every_workspace(self, house, away, made):
        for slug in ("northwind", "zoo"):
            page = house.client().get(f"/w/{slug}/activations/").content.decode()
            assert page.count("Storm warning") == 1
            assert made.get_absolute_url() in page
            assert "Storm warning" in house.client().get(f"/w/{slug}/").content.decode()
            lines = (
                house.client().get(f"/w/{slug}/activations/?csv=deliveries").getvalue().decode().splitlines()
            )
            assert len(lines) == 1 + 5
        assert "pressed in Northwind Retail" in house.client().get("/w/zoo/activations/").content.decode()

    def test_viewers_of_one_of_its_workspaces_change_nothing(self, house, away, made):
        join(house.bob, away)
        for name in ("cancel", "retry", "check_again"):
            answer = house.client(house.bob).post(house.url(name, made.pk))
            assert answer.status_code == 403
            assert "In Northwind Retail you are a viewer" in answer.content.decode()
        page = house.client(house.bob).get(made.get_absolute_url()).content.decode()
        assert "data-once" not in page

    def test_an_administrator_of_one_workspace_finds_no_rows(self, house, away, made, client):
        from django.contrib.auth.models import Permission

        zora = make_user("zora", "activator", away, is_staff=True)
        zora.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        client.force_login(zora)
        for model in ("activation", "delivery", "event"):
            page = client.get(f"/admin/activations/{model}/").content.decode()
            assert "Storm warning" not in page
            assert "Guest 0" not in page


def there_of(workspace: Workspace) -> str:
    return str(Mapping.objects.filter(workspace=workspace).first().audience.platform_id)


def test_the_page_names_the_workspaces_and_mends_each_where_it_is(house, away, there):
    made = mixed(house, there)
    under_way = leave(made.deliveries)
    ended(under_way, states.FAILED, reason="not_in_schedule", verbatim="not part of this dataflow")
    page = house.client().get(made.get_absolute_url()).content.decode()
    assert page.count('<article class="problem') == 2, (
        "what mends it in one workspace mends nothing in another"
    )
    assert f"/w/zoo/audiences/{there[0].audience.platform_id}/" in page
    assert f"/w/zoo/destinations/{there[0].dataflow.platform_id}/" in page
    assert "Zoo Hotels · Adobe" in page
    assert "Northwind Retail: time of the snapshot unknown" in " ".join(page.split())


def test_evidence_names_each_job_s_own_workspace(house, away, there):
    made = mixed(house, there)
    leave(made.deliveries)
    job = Job.objects.get(workspace=away)
    page = house.client().get(house.url("job", made.pk, job.pk)).content.decode()
    assert "x-sandbox-name: dev" in page
    bundle = json.loads(house.client().get(house.url("bundle", made.pk)).content)
    assert [one["slug"] for one in bundle["elsewhere"]] == ["zoo"]
    assert sorted(one["workspace"] for one in bundle["jobs"]) == ["northwind", "zoo"]
    assert [one["workspace"] for one in bundle["deliveries"]].count("zoo") == 2


class TestPress:
    def ask(self, house: House, *mappings: Mapping, user: User | None = None) -> Any:
        return house.client(user).post(house.url("confirm"), {"m": [one.pk for one in mappings]})

    def test_one_question_has_a_stamp_and_a_split_for_each(self, house, away, there):
        away.snapshot_at = timezone.now() - timedelta(hours=11, minutes=20)
        away.save()
        page = " ".join(self.ask(house, *house.mappings, *there).content.decode().split())
        for words in (
            "Send 5 audiences to 2 destinations", "11 h 20 min", "when that was made is <b>unknown</b>",
            "<b>Northwind Retail</b>: 3 deliveries leave in 1 job.", "<b>Zoo Hotels</b>: 2 deliveries leave in 1 job.",
        ):  # fmt: skip
            assert words in page, words
        paper = paper_of(self.ask(house, *house.mappings, *there))
        assert house.client().post(house.url("press"), {"paper": paper}).status_code == 303
        assert Activation.objects.get().places == [house.workspace, away]

    def test_what_is_chosen_elsewhere_alone_is_at_home_there(self, house, away, there):
        asked = self.ask(house, *there)
        assert "/w/zoo/activate/press/" in asked.content.decode()
        pressed = house.client().post("/w/zoo/activate/press/", {"paper": paper_of(asked)})
        assert pressed.status_code == 303
        assert Activation.objects.get().workspace == away

    def test_each_production_workspace_asks_for_its_own_name(self, house, away, there):
        Workspace.objects.update(production=True)
        paper = paper_of(self.ask(house, *house.mappings, *there))
        half = {"paper": paper, "workspace_name": ["Northwind Retail"]}
        refused = house.client().post(house.url("press"), half)
        assert refused.status_code == 422
        assert "to confirm: Zoo Hotels. Nothing was sent." in refused.content.decode()
        assert not Activation.objects.exists()
        both = {"paper": paper_of(refused), "workspace_name": ["Northwind Retail", "zoo"]}
        assert house.client().post(house.url("press"), both).status_code == 303

    def test_a_viewer_of_one_of_them_may_not_press_both(self, house, away, there):
        join(dora := make_user("dora", "activator", house.workspace), away, "viewer")
        answer = self.ask(house, *house.mappings, *there, user=dora)
        assert answer.status_code == 403
        assert "In Zoo Hotels you are a viewer" in answer.content.decode()

    def test_a_part_lost_between_question_and_press_sends_nothing(self, house, away, there):
        paper = paper_of(self.ask(house, *house.mappings, *there))
        held = Membership.objects.filter(user=house.alice, workspace=away)
        held.update(role="viewer")
        assert house.client().post(house.url("press"), {"paper": paper}).status_code == 403
        held.delete()
        assert house.client().post(house.url("press"), {"paper": paper}).status_code == 404
        assert not Activation.objects.exists()

    def test_an_old_page_names_nothing_that_is_closed_to_the_presser(self, house, away, there):
        dora = make_user("dora", "activator", house.workspace)
        paper = paper_of(self.ask(house, *house.mappings, user=dora))
        mixed(house, there, name="Storm warning")
        answer = house.client(dora).post(house.url("press"), {"paper": paper})
        assert answer.status_code == 409
        assert "Storm warning" not in answer.content.decode()
        assert "another activation that contains them" in answer.content.decode()


class TestCommand:
    def lines(self, tmp_path: Any, *mappings: Mapping, third: bool = True) -> str:
        path = tmp_path / "pairs.tsv"
        path.write_text(
            "".join(
                "\t".join(
                    [m.dataflow.platform_id, m.audience.platform_id, *([m.workspace.slug] if third else [])]
                )
                + "\n"
                for m in mappings
            )
        )
        return str(path)

    def test_a_third_column_names_the_workspace(self, house, away, there, tmp_path):
        path = self.lines(tmp_path, house.mappings[0], *there)
        code, out, err = run("activate", "--workspace", "northwind", "--pairs", path, "--json")
        assert (code, err) == (0, "")
        assert [one["workspace"] for one in json.loads(out)["deliveries"]] == ["northwind", "zoo", "zoo"]
        assert Activation.objects.get().places == [house.workspace, away]

    def test_without_it_a_pair_is_of_the_workspace(self, house, away, there, tmp_path):
        path = self.lines(tmp_path, *there, third=False)
        code, _out, err = run("activate", "--workspace", "northwind", "--pairs", path)
        assert code == 2
        assert "in workspace northwind; nothing was sent" in err

    def test_an_unknown_workspace_is_named(self, house, tmp_path):
        path = tmp_path / "pairs.tsv"
        path.write_text("flow\taudience\tnowhere\n")
        code, _out, err = run("activate", "--workspace", "northwind", "--pairs", str(path))
        assert code == 2
        assert "No workspace has the short name 'nowhere'" in err


def test_queries_do_not_grow_with_the_deliveries(house, away, there):
    made = mixed(house, there)
    leave(made.deliveries)

    def queries() -> int:
        client = house.client()
        client.get(made.get_absolute_url())
        with CaptureQueriesContext(connection) as caught:
            assert client.get(made.get_absolute_url()).status_code == 200
        return len(caught)

    before = queries()
    more = [make_mapping(there[0].dataflow, make_audience(away, f"More {n}")) for n in range(20)]
    other = mixed(House(house.workspace, house.alice, house.bob, house.charlie, []), more)
    Delivery.objects.filter(activation=other).update(activation=made)
    leave(made.deliveries.filter(state=states.QUEUED))
    assert queries() == before
