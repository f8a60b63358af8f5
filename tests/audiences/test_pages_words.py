"""How figures and times are said, and that every badge has an icon."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from activations.states import STATES
from audiences import shown, speech
from audiences.converters import PlatformId
from audiences.templatetags.frame import bar, query_with
from audiences.templatetags.show import badge, icon, run_badge

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 16, 53, tzinfo=UTC)


def render(source: str, **values: object) -> str:
    return Template("{% load show %}" + source).render(Context(values))


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "unknown"), (0, "0"), (999, "999"), (48210, "48,210"), (4_812_330, "4,812,330")],
)
def test_numbers_have_separators_and_none_is_unknown(value, said):
    assert speech.number(value) == said
    assert render("{{ value|number }}", value=value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "unknown"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (10**10, "10 GB"),
     (999_600, "1.0 MB"), (10**19, "10,000 PB")],
)  # fmt: skip
def test_sizes(value, said):
    assert speech.size(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "unknown"), (0, "0 s"), (45.4, "45 s"), (59.7, "1 min"), (250, "4 min 10 s"), (3600, "1 h"),
     (3900, "1 h 5 min"), (timedelta(days=2, hours=3, minutes=9), "2 d 3 h"), (-5, "0 s")],
)  # fmt: skip
def test_durations(value, said):
    assert speech.duration(value) == said


@pytest.mark.parametrize(
    ("away", "said"),
    [({"seconds": 2}, "just now"), ({"seconds": -40}, "40 s ago"), ({"minutes": -4}, "4 min ago"),
     ({"minutes": 12}, "in 12 min"), ({"hours": -11, "minutes": -20}, "11 h 20 min ago"),
     ({"hours": -30}, "30 h ago"), ({"days": -3}, "3 days ago"), ({"days": 2, "hours": 1}, "in 2 days")],
)  # fmt: skip
def test_ages(away, said):
    assert speech.age(NOW + timedelta(**away), NOW) == said


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (datetime(2026, 11, 22, 17, 5, tzinfo=UTC), "18:05 CET (in 12 min)"),
        (datetime(2026, 11, 22, 5, 4, tzinfo=UTC), "06:04 CET (11 h 49 min ago)"),
        (datetime(2026, 11, 21, 23, 30, tzinfo=UTC), "00:30 CET (17 h 23 min ago)"),
        (datetime(2026, 11, 21, 22, 30, tzinfo=UTC), "yesterday 23:30 CET (18 h 23 min ago)"),
        (datetime(2026, 11, 23, 5, tzinfo=UTC), "tomorrow 06:00 CET (in 12 h 7 min)"),
        (datetime(2026, 10, 2, 4, tzinfo=UTC), "2 Oct 06:00 CEST"),
        (datetime(2025, 10, 2, 4, tzinfo=UTC), "2 Oct 2025 06:00 CEST"),
    ],
)
def test_moments_name_the_zone_and_the_distance(then, said):
    assert speech.moment(then, NOW, BERLIN) == said


def test_a_zone_without_a_name_is_said_by_its_distance_from_utc():
    then = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
    assert speech.clock(then, NOW, ZoneInfo("America/Sao_Paulo")) == "14:05 UTC-03"
    assert speech.clock(then, NOW, ZoneInfo("Asia/Kathmandu")).endswith(" UTC+05:45")


def test_times_carry_utc_on_hover_in_the_viewers_zone():
    then = timezone.now().replace(microsecond=0) - timedelta(minutes=4)
    with timezone.override("Europe/Berlin"):
        html = render("{{ then|age }} {{ then|moment }} {{ then|seconds }} {{ then|clock }}", then=then)
    assert html.count(f'title="{then:%Y-%m-%d %H:%M:%S} UTC"') == 4
    assert html.count(f'datetime="{then:%Y-%m-%dT%H:%M:%SZ}"') == 4
    assert "4 min ago" in html
    assert "CE" in html


@pytest.mark.parametrize("name", ["moment", "clock", "seconds", "age", "day"])
def test_an_unknown_time_is_said(name):
    assert render(f"{{{{ none|{name} }}}}", none=None) == "unknown"
    assert render(f'{{{{ none|{name}:"not yet" }}}}', none=None) == "not yet"


def test_days():
    assert speech.day(date(2026, 11, 22), date(2026, 11, 22)) == "today"
    assert speech.day(date(2026, 10, 2), date(2026, 11, 22)) == "2 Oct"
    assert 'datetime="2019-10-02"' in render("{{ d|day }}", d=date(2019, 10, 2))
    assert "2 Oct 2019" in render("{{ d|day }}", d=datetime(2019, 10, 2, 9, tzinfo=UTC))


def test_the_time_a_run_took():
    start = datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert render("{{ a|since:b }}", a=start, b=start + timedelta(seconds=250)) == "4 min 10 s"
    assert render("{{ a|since }}", a=None) == "unknown"


TABLES = [*shown.RUN.values(), *shown.DATAFLOW.values(), *shown.LIFECYCLE.values(), shown.NO_RUN]


@pytest.mark.parametrize("state", [*TABLES, *STATES.values()], ids=lambda state: state.value)
def test_every_badge_says_its_state_by_icon_word_and_colour(state):
    html = badge(state)
    assert f"state {state.tone}" in html
    assert "<svg" in html
    assert str(state.word) in html


def test_a_badge_may_say_more_than_its_state_and_escapes_it():
    html = badge(shown.NO_RUN, word="Waits until <14:32>", title='"')
    assert "Waits until &lt;14:32&gt;" in html
    assert 'title="&quot;"' in html


def test_the_vendors_own_word_stays_visible():
    assert "Adobe: partialSuccess" in run_badge("partial", "partialSuccess")
    assert "Adobe" not in run_badge("failed", "FAILED")
    assert "Unknown" in run_badge("odd", None)
    assert "No run seen" in run_badge(None)
    assert "Succeeded, empty" in run_badge("succeeded", "success", 0)
    assert "empty" not in run_badge("succeeded", "success", None)


def test_words_of_the_vendor_that_nobody_knows_are_shown_as_they_are():
    assert shown.dataflow("Weird").word == "Weird"
    assert shown.lifecycle("").word == "Unknown"
    assert shown.origin("NEW_THING") == "NEW_THING"
    assert str(shown.origin("")) == "unknown"


def test_icons_are_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in icon("check")
    assert "style=" not in icon("check")


def test_a_bar_says_in_words_what_it_shows():
    html = bar([("done", 1), ("act", 3)], 4, "1 delivered, 3 failed")
    assert 'aria-label="1 delivered, 3 failed"' in html
    assert '<rect class="act" x="250.0" width="750.0"' in html
    assert "style" not in html
    assert "<rect" not in bar([], 0, "nothing")


def test_an_address_keeps_what_is_not_changed():
    request = RequestFactory().get("/", {"q": "a b", "kind": "all", "page": "3", "empty": ""})
    assert query_with(request, page=None, sort="-name") == "?q=a+b&kind=all&sort=-name"


# No database keeps a NUL, so no id has one.
@given(st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_any_platform_id_survives_an_address(value):
    converter = PlatformId()
    written = converter.to_url(value)
    assert "/" not in written
    assert set(written) != {"."}
    assert converter.to_python(written) == value
