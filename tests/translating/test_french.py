"""French as it is printed: a form per plural, and the spaces, quotes and apostrophes that it has."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from gettext import GNUTranslations

import pytest
from django.conf import settings
from django.utils import translation

from activations.summary import Summary
from audiences import speech

CATALOGUE = settings.BASE_DIR / "locale" / "fr" / "LC_MESSAGES" / "django.mo"
# What a catalogue must not hold, as a pattern with the reason.
WRONG = {
    "a plain blank before a sign": re.compile(r" [;:!?»](?![\w/])"),
    "a plain blank after «": re.compile("« "),
    "no space before a sign": re.compile(r"[\w)»][;!?](?!\w)"),
    "no space before a colon": re.compile(r"[A-Za-zà-ÿ)»]:(?=\s|$)"),
    "English quotes": re.compile("[“”]"),
    "a straight apostrophe": re.compile(r"[A-Za-zà-ÿ]'[A-Za-zà-ÿ%{]"),
    "a hour of twelve": re.compile(r"\b[ap]\.?m\.\b"),
}


def sentences() -> list[str]:
    """Every translation there is."""
    with CATALOGUE.open("rb") as file:
        kept = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return [text for key, text in kept.items() if key]


@pytest.fixture(autouse=True)
def french():
    with translation.override("fr"):
        yield


@pytest.mark.parametrize("what", WRONG)
def test_signs_are_set_as_french_print_sets_them(what):
    assert [text for text in sentences() if WRONG[what].search(text)] == []


class TestPlurals:
    def test_what_is_counted_agrees_with_its_number(self):
        assert Summary({"succeeded": 1}).words == "1 livrée"
        assert Summary({"succeeded": 2}).words == "2 livrées (toutes)"
        assert Summary({"succeeded": 1, "refused": 3}).words == "1 livrée · 3 refusées sur 4"

    def test_nothing_is_singular(self):
        assert translation.ngettext("%(n)s delivery", "%(n)s deliveries", 0) % {"n": 0} == "0 livraison"
        assert translation.ngettext("%(n)s delivery", "%(n)s deliveries", 2) % {"n": 2} == "2 livraisons"


class TestFiguresAndTimes:
    NOW = datetime(2026, 11, 24, 17, 40, tzinfo=UTC)

    def test_a_unit_stays_with_its_figure(self):
        assert speech.duration(250) == "4\u00a0min 10\u00a0s"

    def test_the_distance_of_a_moment(self):
        assert speech.age(self.NOW - timedelta(minutes=4), self.NOW) == "il y a 4\u00a0min"
        assert speech.age(self.NOW + timedelta(minutes=12), self.NOW) == "dans 12\u00a0min"
        assert speech.day(self.NOW.date() - timedelta(days=1), self.NOW.date()) == "hier"

    def test_hours_are_twenty_four(self):
        assert speech.clock(self.NOW, self.NOW, UTC) == "17:40 UTC"
