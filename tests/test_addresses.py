"""Whatever stands in an address or a form of the desk gets a page or a sentence, never a fault of ours."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from activations.selection import fold
from tests.furnished import Site, Size, furnish
from tests.test_pages import address, signed_in

pytestmark = pytest.mark.django_db
SMALLEST = Size(dataflows=2, audiences=6, deliveries=20, many=2)
EXAMPLES = settings(max_examples=10)
# Of a page's head, and of the form around everything.
UNTOUCHED = {"viewport", "color-scheme", "htmx-config", "csrfmiddlewaretoken"}
HTMX = {"HX-Request": "true", "HX-Target": "rows"}

# Every page that reads its address, with the words it reads there.
LISTS = {
    "activations:overview": (),
    "activations:steps": (),
    "activations:steps_status": (),
    "activations:board": (),
    "activations:board_status": (),
    "activations:trends": (),
    "activations:trends_csv": ("outcomes!",),
    "activations:people_csv": ("audience",),
    "activations:dataflow": ("dataflow",),
    "activations:audience": ("audience",),
    "activations:activate": (),
    "activations:sets": (),
    "activations:set": ("set",),
    "activations:history": (),
    "activations:activation": ("activation",),
    "activations:status": ("activation",),
    "activations:screen": ("activation",),
    "activations:screen_status": ("activation",),
    "activations:share": ("activation",),
    "activations:evaluation_status": (),
    "audiences:destinations": (),
    "audiences:audiences": (),
    "audiences:runs": ("dataflow",),
    "audiences:add_audience": ("dataflow",),
    "audiences:choose_dataflow": ("audience",),
    "audiences:mapping": ("dataflow", "audience"),
    "audiences:externals": (),
    "audiences:external_status": ("external",),
    "audiences:wish": ("wish",),
    "audiences:sync_status": (),
}
NAMES = (
    "q", "to", "in", "sel", "page", "columns", "audience", "flow", "show", "all", "story", "v", "seen", "sort", "kind",
    "platform", "state", "status", "last", "how", "origin", "lifecycle", "size", "evaluated", "external", "who",
    "outcome", "until", "destination", "before", "again", "next", "for", "was", "m", "shown", "go", "only", "another",
    "set", "activation", "paper", "name", "reason", "on_export", "days", "asked",
)  # fmt: skip
NUMBERS = st.sampled_from(
    ["-1", "0", "1", "2", "1e9", "10" * 30, str(2**63), "-0", "٣", "²", "1_0", " 1", "0x1", "nan", "page:-1"]
)
DATES = st.sampled_from(
    ["2026-13-45", "0001-01-01", "9999-12-31", "0000-00-00", "2026-11-28T25:00", "-2026-1-1", "10000-01-01"]
)
LONG = st.sampled_from(["x" * 5_000, "% _ ' \" \\ " * 50, "word " * 400, "=" * 999])
ODD = st.sampled_from(
    ["\0", "a\0b", "💩", "\ud7ff", "\u202e", "<script>", "{{ x }}", "%s%n", "../..", "//evil.example"]
)
KNOWN = st.sampled_from(
    ["all", "ready", "needs", "name", "-name", "--name", "failed", "yes", "unknown", "drop:blocked"]
)
VALUES = st.one_of(
    NUMBERS, DATES, LONG, ODD, KNOWN, st.text(max_size=40), st.builds(fold, st.sets(st.integers(1, 2**63)))
)
QUERIES = st.lists(st.tuples(st.sampled_from([*NAMES, "q[]", "x", ""]), VALUES), max_size=8)


@pytest.fixture
def site() -> Site:
    return furnish(SMALLEST)


@pytest.fixture
def client(site: Site) -> Client:
    return signed_in(site)


@pytest.mark.parametrize("name", LISTS)
def test_any_address_of_a_list_gets_a_page(site: Site, client: Client, name: str) -> None:
    @EXAMPLES
    @given(query=QUERIES)
    def ask(query: list[tuple[str, str]]) -> None:
        url = f"{address(site, name, 'adobe', LISTS[name])}?{urlencode(query, errors='surrogatepass')}"
        answer = client.get(url, headers=HTMX if len(query) % 2 else None)
        assert answer.status_code in (200, 204), url
        if answer.streaming:
            assert b"".join(answer)

    ask()


# Pages with a form: its own fields, as the page names them, are filled with anything.
FORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "password_change": ("", ()),
    "audiences:account": ("", ()),
    "notices:channels": ("", ()),
    "notices:add": ("", ("webhook!",)),
    "notices:edit": ("", ("channel",)),
    "notices:of_set": ("adobe", ("set",)),
    "audiences:add_workspace": ("", ("adobe!",)),
    "audiences:settings": ("adobe", ()),
    "audiences:members": ("adobe", ()),
    "activations:share": ("adobe", ("activation",)),
    "activations:new_schedule": ("adobe", ("set",)),
    "activations:change_schedule": ("adobe", ("set", "schedule")),
    "activations:rename_set": ("adobe", ("set",)),
    "activations:evaluation": ("adobe", ()),
    "audiences:mapping": ("adobe", ("dataflow", "audience")),
    "audiences:external_new": ("adobe", ()),
    "audiences:external_change": ("adobe", ("external",)),
    "audiences:external": ("adobe", ("external",)),
    "audiences:connect": ("segment", ("nobody", "end")),
    "audiences:reconnect": ("segment", ("connection",)),
    "audiences:activation_add": ("segment", ("connection",)),
    "audiences:activation_change": ("segment", ("connection", "activation_there")),
}
# Where the form of a page is sent, when not to the page itself.
SENT_TO = {"activations:evaluation": "activations:export", "audiences:external": "audiences:external_ingest"}
# What some field takes, so that the others are looked at, too.
TAKEN = st.sampled_from(
    [
        "once",
        "daily",
        "weekly",
        "monthly",
        "soon",
        "2027-03-28",
        "02:30",
        "Europe/Berlin",
        "31",
        "on",
        "6",
        "ONCE",
        "DLZ",
    ]
)


@pytest.mark.parametrize("name", FORMS)
def test_anything_in_a_form_gets_its_page_back(site: Site, client: Client, name: str) -> None:
    url = address(site, name, *FORMS[name])
    fields = sorted(set(re.findall(r' name="([^"]+)"', client.get(url).content.decode())) - UNTOUCHED)
    there = address(site, SENT_TO.get(name, name), *FORMS[name])

    @EXAMPLES
    @given(form=st.dictionaries(st.sampled_from(fields), st.one_of(TAKEN, VALUES)))
    def post(form: dict[str, str]) -> None:
        answer = client.post(
            there, urlencode(form, errors="surrogatepass"), content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code in (200, 302, 409, 422), form

    post()


@pytest.mark.parametrize("name", ["activate", "tray", "confirm", "press", "save_set"])
def test_any_form_of_the_press_gets_a_sentence(site: Site, client: Client, name: str) -> None:
    @EXAMPLES
    @given(form=QUERIES)
    def post(form: list[tuple[str, str]]) -> None:
        answer = client.post(
            address(site, f"activations:{name}", "adobe", ()),
            urlencode(form, errors="surrogatepass"),
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code in (200, 302, 400, 404, 409, 422), form

    post()


def test_a_raw_address_that_is_no_text_gets_a_page(site: Site, client: Client) -> None:
    for raw in (
        "q=%FF%FE",
        "page=%00",
        "q=%",
        "%",
        "&&&=",
        "q" * 3_000,
        "&".join(f"q={n}" for n in range(900)),
    ):
        for name, parts in LISTS.items():
            url = f"{address(site, name, 'adobe', parts)}?{raw}"
            assert client.get(url).status_code in (200, 204), url


def test_absurd_numbers_in_a_path_are_not_found(client: Client, site: Site) -> None:
    place = f"/w/{site.adobe.slug}"
    for number in ("0", "999999999", "9" * 30):
        for path in (f"activations/{number}/", f"sets/{number}/", f"external/{number}/", f"wishes/{number}/"):
            assert client.get(f"{place}/{path}").status_code == 404, path
    for path in ("destinations/%00/", f"destinations/{'x' * 3000}/", "audiences/%00/", "audiences/~00/"):
        assert client.get(f"{place}/{path}").status_code == 404, path
