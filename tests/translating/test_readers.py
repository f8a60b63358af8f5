"""What rows keep is said in the language of whoever reads it, figures and days included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation

from activations import states
from activations.lines import finding_of
from activations.messages import explain
from activations.models import Delivery
from audiences import failures, speech, told
from audiences.templatetags.show import far
from notices.models import Errand, Notice
from notices.outbox import collect
from notices.parcels import pack
from platforms.errors import CredentialsRefused, Unreachable
from tests.activations.house import House, make_house
from tests.notices.conftest import channel, finished


@pytest.fixture
def house(db: None) -> House:
    return make_house()


class TestFigures:
    @pytest.mark.parametrize(
        ("language", "figure", "size", "day", "other_year", "ago"),
        [
            ("en", "48,210", "1.2 MB", "2 Oct", "2 Oct 2025", "3 days ago"),
            ("de", "48.210", "1,2 MB", "2. Okt.", "2. Okt. 2025", "vor 3 Tagen"),
            ("fr", "48\u202f210", "1,2\u00a0Mo", "2 oct.", "2 oct. 2025", "il y a 3 jours"),
        ],
    )
    def test_they_follow_the_language(self, language, figure, size, day, other_year, ago):
        now = datetime(2026, 11, 5, tzinfo=UTC)
        with translation.override(language):
            assert speech.number(48210) == figure
            assert speech.size(1_234_567) == size
            assert speech.day(date(2026, 10, 2), now.date()) == day
            assert speech.day(date(2025, 10, 2), now.date()) == other_year
            assert speech.age(now - timedelta(days=3), now) == ago

    def test_a_clock_has_24_hours_and_its_zone_everywhere(self):
        then = datetime(2026, 11, 5, 18, 5, tzinfo=UTC)
        for language in ("en", "de", "fr"):
            with translation.override(language):
                assert speech.clock(then, then) == "18:05 UTC"

    def test_the_progress_of_a_sync(self):
        with translation.override("de"):
            assert far("1200 of 10000") == "1.200 von 10.000"
            assert far("half") == "half"


class TestFindings:
    def test_one_delivery_two_readers(self, house):
        mapping = house.mappings[0]
        mapping.mapped_at = timezone.now() - timedelta(minutes=19)
        mapping.save()
        house.activation(mapping)
        delivery = Delivery.objects.get()
        assert delivery.state == states.ARMED
        kept = finding_of(delivery)
        for language, sentence in (
            ("en", "Mapped 19 min ago; Adobe needs 60."),
            ("de", "Vor 19 min zugeordnet; Adobe braucht 60."),
        ):
            with translation.override(language):
                assert str(explain(delivery.reason, finding=kept).message.meaning) == sentence

    def test_what_an_older_version_kept_is_shown(self):
        with translation.override("de"):
            assert str(told.read("It ended on 2 October.")) == "It ended on 2 October."
            assert str(told.read("The dataflow is disabled.")) == "Der Datenfluss ist deaktiviert."


class TestSentences:
    def test_facts_may_be_sentences_and_moments(self):
        until = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
        sentence = told.said("Paused by %(who)s until %(until)s: %(why)s") % {
            "who": told.said("an administrator"),
            "until": until,
            "why": "50 % off",
        }
        read = told.read(told.kept(sentence))
        assert str(read) == str(sentence)
        with translation.override("de"), timezone.override("Asia/Tokyo"):
            assert str(read) == "Pausiert von einem Admin, bis 2. Jan. 12:04 JST: 50 % off"

    def test_a_day_is_written_as_the_reader_writes_it(self):
        sentence = told.said("Its schedule on this dataflow ended on %(day)s.") % {"day": date(2026, 10, 2)}
        read = told.read(told.kept(sentence))
        assert str(read) == "Its schedule on this dataflow ended on 2 Oct 2026."
        with translation.override("de"):
            assert str(read) == "Der Zeitplan der Zielgruppe auf diesem Datenfluss endete am 2. Okt. 2026."

    def test_a_line_fits_its_field_and_stays_readable(self):
        sentence = told.said("The courier failed: %(why)s") % {"why": 'said "no" ' * 100}
        line = told.as_line(sentence, 200)
        assert len(line) <= 200
        assert str(told.from_line(line)).startswith('The courier failed: said "no"')
        assert told.as_line("x" * 300, 200) == "x" * 200

    @pytest.mark.parametrize("line", ['{"text": "broken', "the vendor's own {text}", ""])
    def test_the_text_of_others_stays_as_it_is(self, line):
        assert told.from_line(line) == line


class TestFailures:
    def test_ours_first_then_theirs(self):
        error = CredentialsRefused("refused", field="secret", verbatim="invalid_client 400")
        kept = failures.lines_of(error, "Adobe")
        with translation.override("de"):
            said = failures.words_of(kept)
        assert said == "Adobe akzeptiert die Anmeldedaten nicht: Client-Secret.\ninvalid_client 400"

    def test_faults_of_our_own(self):
        assert failures.words_of(failures.lines_of(ValueError("x"), "Adobe")) == "Our own fault: ValueError"
        assert "Segment" in failures.words_of(failures.lines_of(Unreachable("down"), "Segment"))


class TestNotices:
    def told(self, house: House) -> Notice:
        finished(house, states.SUCCEEDED, states.FAILED)
        assert collect() == 1
        return Notice.objects.get()

    def test_a_persons_channel_speaks_their_language(self, house):
        house.alice.language = "de"
        house.alice.save()
        channel(house, "https://example.com/hook", owner=house.alice)
        self.told(house)
        parcel = pack(Errand.objects.get())
        assert "1 von 2 fehlgeschlagen" in parcel.subject
        assert "Die Ausführung ist bei Adobe fehlgeschlagen" in parcel.text
        assert translation.get_language() == "en"

    def test_a_workspaces_channel_speaks_the_sites(self, house, settings):
        channel(house, "https://example.com/hook")
        self.told(house)
        with translation.override("fr"):
            assert "1 of 2 failed" in pack(Errand.objects.get()).subject
        settings.LANGUAGE_CODE = "de"
        assert "1 von 2 fehlgeschlagen" in pack(Errand.objects.get()).subject

    def test_why_a_try_failed_is_read_in_both(self, house):
        made = channel(house, "https://example.com/hook")
        said = told.as_line(told.said("No answer within %(n)s s: cut off.") % {"n": 3}, 500)
        errand = Errand(channel=made, created_at=timezone.now(), said=said)
        assert errand.words == "No answer within 3 s: cut off."
        with translation.override("de"):
            assert errand.words == "Keine Antwort innerhalb von 3 s: abgebrochen."
