"""Destinations, audiences and runs: who may look, what is found, and how much it costs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from tests.catalogue import (
    make_audience,
    make_dataflow,
    make_destination,
    make_mapping,
    make_run,
    make_user,
    make_workspace,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "rows"}
# User, workspace with role, counts, rows, pauses, the switcher, the bell; audiences also count mappings of the page,
# runs look up their dataflow, per-audience counts and names.
QUERIES = {"destinations": 7, "audiences": 8, "runs": 11}


@pytest.fixture
def workspace():
    return make_workspace("retail")


@pytest.fixture
def alice(workspace):
    return make_user("alice", "activator", workspace)


@pytest.fixture
def bob(workspace):
    return make_user("bob", "viewer", workspace)


@pytest.fixture
def charlie():
    return make_user("charlie", "activator", make_workspace("elsewhere"))


@pytest.fixture
def flow(workspace):
    return make_dataflow(workspace, "Campaign S3")


def page_of(name, workspace, flow):
    args = [workspace.slug, flow.platform_id] if name == "runs" else [workspace.slug]
    return reverse(f"audiences:{name}", args=args)


def get(client, user, url, **extra):
    client.force_login(user)
    return client.get(url, **extra)


def names(response):
    return [row.name for row in response.context["found"].page]


PAGES = ["destinations", "audiences", "runs"]


class TestWhoMayLook:
    @pytest.mark.parametrize("name", PAGES)
    def test_it_works(self, client, alice, bob, workspace, flow, name):
        for user in (alice, bob):
            assert get(client, user, page_of(name, workspace, flow)).status_code == 200

    @pytest.mark.parametrize("name", [*PAGES, "sync_status"])
    def test_strangers_find_nothing(self, client, charlie, workspace, flow, name):
        assert get(client, charlie, page_of(name, workspace, flow)).status_code == 404

    @pytest.mark.parametrize("name", [*PAGES, "sync_status"])
    def test_anonymous_people_are_asked_to_sign_in(self, client, workspace, flow, name):
        response = client.get(page_of(name, workspace, flow))
        assert response.status_code == 302
        assert response.url.startswith(reverse("login"))

    def test_administrators_see_every_workspace(self, client, workspace, flow):
        root = make_user("root", is_superuser=True, is_staff=True)
        response = get(client, root, page_of("destinations", workspace, flow))
        assert response.status_code == 200
        assert response.context["workspace"].role == "activator"

    def test_the_page_says_who_looks_and_in_which_zone(self, client, bob, workspace, flow):
        html = get(client, bob, page_of("destinations", workspace, flow)).content.decode()
        assert "bob" in html
        assert "Viewer" in html
        assert "Times in" in html

    def test_a_dataflow_of_another_workspace_is_not_found(self, client, alice, workspace):
        other = make_dataflow(make_workspace("other"))
        assert get(client, alice, page_of("runs", workspace, other)).status_code == 404

    def test_posting_is_refused(self, client, alice, workspace, flow):
        client.force_login(alice)
        assert client.post(page_of("destinations", workspace, flow)).status_code == 405


class TestCost:
    @pytest.mark.parametrize("name", PAGES)
    @pytest.mark.parametrize("rows", [1, 30])
    def test_queries_do_not_grow_with_rows(
        self, client, alice, workspace, flow, name, rows, django_assert_num_queries
    ):
        for _ in range(rows):
            audience = make_audience(workspace, "For everybody")
            make_mapping(make_dataflow(workspace, "Retail row"), audience)
            make_mapping(flow, audience)
            make_run(flow, audience)
        url = page_of(name, workspace, flow)
        get(client, alice, url)
        client.force_login(alice)
        with django_assert_num_queries(QUERIES[name]):
            client.get(url + "?q=r")

    def test_unfiltered_audiences_are_counted_once_for_many_looks(
        self, client, alice, workspace, flow, django_assert_num_queries
    ):
        make_audience(workspace)
        url = page_of("audiences", workspace, flow)
        get(client, alice, url)
        with django_assert_num_queries(QUERIES["audiences"] - 1):
            client.get(url)


class TestFragments:
    @pytest.mark.parametrize("name", PAGES)
    def test_htmx_gets_the_rows_alone_and_the_tidy_address(self, client, alice, workspace, flow, name):
        url = page_of(name, workspace, flow)
        response = get(client, alice, f"{url}?q=nothing&page=&status=", headers=HTMX)
        html = response.content.decode()
        assert "<html" not in html
        assert 'id="rows"' in html
        assert 'id="filters" hx-swap-oob="true"' in html
        assert 'id="announce" hx-swap-oob="innerHTML"' in html
        assert response["HX-Push-Url"] == f"{url}?q=nothing"
        assert "HX-Request" in response["Vary"]

    def test_history_restores_get_the_whole_page(self, client, alice, workspace, flow):
        headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
        response = get(client, alice, page_of("audiences", workspace, flow), headers=headers)
        assert "<html" in response.content.decode()

    @pytest.mark.parametrize("name", PAGES)
    def test_no_page_needs_what_the_content_policy_forbids(self, client, alice, workspace, flow, name):
        make_run(flow, make_mapping(flow).audience)
        html = get(client, alice, page_of(name, workspace, flow)).content.decode()
        assert " style=" not in html
        assert "<style" not in html
        assert "onclick" not in html


class TestDestinations:
    def test_it_lists_batch_file_based_first_and_all_on_request(self, client, alice, workspace, flow):
        make_dataflow(workspace, "Ads live", kind="streaming")
        url = page_of("destinations", workspace, flow)
        assert names(get(client, alice, url)) == ["Campaign S3"]
        assert names(client.get(url + "?kind=all")) == ["Ads live", "Campaign S3"]
        assert names(client.get(url + "?kind=streaming")) == ["Ads live"]
        make_dataflow(workspace, "Riddle", kind="unknown")
        assert names(client.get(url + "?kind=unknown")) == ["Riddle"]

    def test_choices_say_how_many_they_would_show(self, client, alice, workspace, flow):
        s3, sftp = make_destination(workspace, "Amazon S3"), make_destination(workspace, "SFTP")
        for name, destination, state in (
            ("a", s3, "enabled"),
            ("b", sftp, "enabled"),
            ("c", sftp, "disabled"),
        ):
            make_dataflow(workspace, name, destination=destination, state=state)
        found = get(client, alice, page_of("destinations", workspace, flow) + "?platform=SFTP").context[
            "found"
        ]
        counts = {one.name: {choice.value: choice.count for choice in one.choices} for one in found.filters}
        assert counts["platform"] == {"Amazon S3": 2, "SFTP": 2}
        assert counts["state"] == {"enabled": 1, "disabled": 1}
        assert found.total == 2

    @pytest.mark.parametrize(
        ("last", "expected"),
        [("none", ["quiet"]), ("failed", ["bad"]), ("nonsense", []), ("", ["bad", "quiet"])],
    )
    def test_it_filters_by_last_run(self, client, alice, workspace, last, expected):
        make_dataflow(workspace, "bad", last_run_status="failed", last_run_word="failed")
        make_dataflow(workspace, "quiet")
        response = get(client, alice, f"/w/{workspace.slug}/destinations/?last={last}")
        assert names(response) == expected

    def test_search_needs_every_word_somewhere(self, client, alice, workspace, flow):
        make_dataflow(workspace, "Campaign Azure", destination=make_destination(workspace, "Azure Blob"))
        url = page_of("destinations", workspace, flow)
        assert names(get(client, alice, url + "?q=campaign")) == ["Campaign Azure", "Campaign S3"]
        assert names(client.get(url + "?q=blob+campaign")) == ["Campaign Azure"]
        assert names(client.get(url + f"?q={flow.platform_id}")) == ["Campaign S3"]

    def test_it_sorts_with_the_unknown_last(self, client, alice, workspace):
        now = timezone.now()
        make_dataflow(workspace, "old", last_run_at=now - timedelta(days=2))
        make_dataflow(workspace, "new", last_run_at=now)
        make_dataflow(workspace, "never")
        url = f"/w/{workspace.slug}/destinations/?sort="
        assert names(get(client, alice, url + "-last")) == ["new", "old", "never"]
        assert names(client.get(url + "last")) == ["old", "new", "never"]
        assert names(client.get(url + "-name")) == ["old", "new", "never"]
        assert names(client.get(url + "password")) == ["never", "new", "old"]

    def test_vanished_dataflows_are_not_listed(self, client, alice, workspace):
        make_dataflow(workspace, vanished_at=timezone.now())
        response = get(client, alice, f"/w/{workspace.slug}/destinations/?kind=all")
        assert "No dataflows in this sandbox" in response.content.decode()

    def test_the_vendors_word_and_the_accounts_name_are_shown(self, client, alice, workspace):
        make_dataflow(
            workspace,
            last_run_status="partial",
            last_run_word="partialSuccess",
            destination=make_destination(workspace, account=None),
        )
        html = get(client, alice, f"/w/{workspace.slug}/destinations/").content.decode()
        assert "partialSuccess" in html
        assert "account unknown" in html

    @pytest.mark.parametrize("platform_id", ["a/b", "..", "ä ~2F#?%&", "1e4", "x" * 255])
    def test_odd_ids_lead_to_their_pages(self, client, alice, workspace, platform_id):
        flow = make_dataflow(workspace, "Odd", platform_id=platform_id)
        make_mapping(flow, make_audience(workspace, platform_id=platform_id))
        html = get(client, alice, f"/w/{workspace.slug}/destinations/").content.decode()
        assert escape(reverse("activations:dataflow", args=[workspace.slug, platform_id])) in html
        assert client.get(page_of("runs", workspace, flow)).status_code == 200
        assert client.get(f"/w/{workspace.slug}/audiences/").status_code == 200

    @pytest.mark.parametrize(
        "query", ["page=0", "page=x", "page=99", "q=%00", "sort=--name", "kind=%00", "state=%27"]
    )
    def test_wild_addresses_are_harmless(self, client, alice, workspace, flow, query):
        assert get(client, alice, f"/w/{workspace.slug}/destinations/?{query}").status_code == 200

    def test_empty_states_say_what_to_do(self, client, alice, workspace, flow):
        url = page_of("destinations", workspace, flow)
        assert "Show all dataflows" in get(client, alice, url + "?q=zzz").content.decode()
        new = make_workspace("new", synced_at=None, sync_state="never")
        dora = make_user("dora", "viewer", new)
        assert "Nothing copied from Adobe yet" in get(client, dora, "/w/new/destinations/").content.decode()


class TestAudiences:
    def test_unknown_counts_are_said_and_never_zero(self, client, alice, workspace):
        make_audience(workspace, "Newsletter", profiles=None, profiles_as_of=None)
        make_audience(workspace, "Nobody", profiles=0)
        url = f"/w/{workspace.slug}/audiences/"
        assert names(get(client, alice, url + "?size=unknown")) == ["Newsletter"]
        assert "unknown" in client.get(url + "?size=unknown").content.decode()
        assert names(client.get(url + "?size=empty")) == ["Nobody"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("origin=CUSTOM_UPLOAD", ["Uploaded"]),
            ("external=yes", ["Uploaded"]),
            ("external=no", ["Big", "Old"]),
            ("lifecycle=draft", ["Old"]),
            ("size=huge", ["Big"]),
            ("size=small", ["Uploaded"]),
            ("evaluated=old", ["Old"]),
            ("evaluated=fresh", ["Big", "Uploaded"]),
            ("origin=unknown", []),
            ("size=nonsense", []),
            ("q=up+load", ["Uploaded"]),
            ("q=client-77", ["Uploaded"]),
            ("sort=-profiles", ["Big", "Old", "Uploaded"]),
        ],
    )
    def test_it_filters(self, client, alice, workspace, query, expected):
        make_audience(workspace, "Big", profiles=2_000_000)
        make_audience(workspace, "Old", lifecycle="draft", profiles_as_of=timezone.now() - timedelta(days=3))
        make_audience(
            workspace, "Uploaded", origin="CUSTOM_UPLOAD", external=True, external_id="client-77", profiles=10
        )
        assert names(get(client, alice, f"/w/{workspace.slug}/audiences/?{query}")) == expected

    def test_it_counts_the_dataflows_each_is_mapped_to(self, client, alice, workspace):
        audience = make_audience(workspace)
        make_mapping(make_dataflow(workspace), audience)
        make_mapping(make_dataflow(workspace), audience)
        make_mapping(make_dataflow(workspace), audience, vanished_at=timezone.now())
        make_mapping(make_dataflow(workspace, vanished_at=timezone.now()), audience)
        response = get(client, alice, f"/w/{workspace.slug}/audiences/")
        assert [row.mapped for row in response.context["found"].page] == [2]

    def test_pages_hold_fifty_and_say_where_they_are(self, client, alice, workspace):
        for number in range(60):
            make_audience(workspace, f"Audience {number:02}")
        url = f"/w/{workspace.slug}/audiences/"
        assert "1–50 of 60" in get(client, alice, url).content.decode()
        second = client.get(url + "?page=2&sort=-name")
        assert names(second) == [f"Audience {number:02}" for number in range(9, -1, -1)]
        assert "sort=-name" in second.content.decode()


class TestRuns:
    def test_absent_figures_are_unknown_not_zero(self, client, alice, workspace, flow):
        none = dict.fromkeys(
            ["received", "activated", "excluded", "failed", "files", "bytes_out", "ad_hoc", "started_at"]
        )
        make_run(flow, status="running", word="inProgress", completed_at=None, **none)
        html = get(client, alice, page_of("runs", workspace, flow)).content.decode()
        rows = html.split("<tbody>", 1)[1]
        assert rows.count(">unknown") >= 6
        assert "scheduled or ad hoc: unknown" in rows
        assert "size unknown" in rows
        assert ">0<" not in rows

    def test_who_started_it_stays_beside_its_icon(self, client, alice, workspace, flow):
        for ad_hoc, word in ((False, "scheduled"), (True, "ad hoc")):
            make_run(flow, ad_hoc=ad_hoc)
            html = get(client, alice, page_of("runs", workspace, flow)).content.decode()
            assert re.search(rf'<span class="short"><svg.*?</svg> {word}</span>', html, re.DOTALL)

    def test_details_show_errors_exclusions_and_figures_per_audience(self, client, alice, workspace, flow):
        audience = make_audience(workspace, "Lapsed VIP")
        run = make_run(
            flow,
            audience,
            status="failed",
            word="failed",
            issues=[
                {
                    "severity": "error",
                    "code": "ACTIVATION_BATCH-0000-FAILED",
                    "message": "<aborted>",
                    "count": None,
                },
                {"severity": "excluded", "code": "", "message": "no e-mail", "count": 1204},
                {"severity": "novel", "code": "N-1", "message": "look", "count": 0},
                "not even a dict",
            ],
        )
        html = get(client, alice, page_of("runs", workspace, flow)).content.decode()
        assert run.platform_id in html
        assert "&lt;aborted&gt;" in html
        assert "1,204" in html
        assert "Excluded: 1,204</span>" in html
        assert "Errors</span>" in html, "a number that Adobe did not give is not said"
        assert "Lapsed VIP" in html

    def test_it_tells_scheduled_from_ad_hoc(self, client, alice, workspace, flow):
        make_run(flow, ad_hoc=True)
        make_run(flow, ad_hoc=False)
        url = page_of("runs", workspace, flow)
        assert get(client, alice, url + "?how=adhoc").context["found"].total == 1
        assert client.get(url).context["found"].total == 2

    def test_runs_of_other_dataflows_stay_there(self, client, alice, workspace, flow):
        make_run(make_dataflow(workspace))
        html = get(client, alice, page_of("runs", workspace, flow)).content.decode()
        assert "No run seen yet" in html

    def test_a_run_without_issues_in_the_right_shape_still_shows(self, client, alice, workspace, flow):
        make_run(flow, issues={"odd": True})
        assert get(client, alice, page_of("runs", workspace, flow)).status_code == 200
