"""Every text of ours is in every catalogue, translated whole, and compiled as it is written."""

from __future__ import annotations

import gettext
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings

from translating.catalogues import (
    LANGUAGES,
    Tongue,
    as_text,
    compiled,
    compiled_file,
    read,
    text_file,
    updated,
)
from translating.judge import complaints
from translating.sources import ROOT, catalogue, files, messages


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return catalogue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_left_over_or_lost(language, wanted):
    found = complaints(read(language), wanted)
    assert not found, f"{len(found)} to mend; `make messages` brings the files up to date:\n" + "\n".join(
        found[:40]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_what_the_text_says(language):
    fresh = gettext.GNUTranslations(BytesIO(compiled(read(language))))
    with compiled_file(language).open("rb") as kept:
        assert gettext.GNUTranslations(kept)._catalog == fresh._catalog, "run `make messages`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_bringing_it_up_to_date_changes_nothing(language, wanted):
    """The same texts make the same file on every machine, and no file names one."""
    assert as_text(updated(language, wanted)) == text_file(language).read_bytes(), "run `make messages`"
    assert str(ROOT) not in text_file(language).read_text("utf-8")


def test_every_language_offered_has_a_catalogue():
    assert {code for code, _name in settings.LANGUAGES} == {"en", *LANGUAGES}


def test_texts_are_found_in_code_and_templates(tmp_path):
    code = tmp_path / "words.py"
    code.write_text(
        '_("One")\nngettext("%(n)s cat", "%(n)s cats", 2)\n'
        'pgettext("verb", "Set")\nnoted("It is over.")\nf"not {this}"\n'
    )
    page = tmp_path / "page.html"
    page.write_text(
        "{% load i18n %}\n  {% translate \"Two\" %}{{ _('Three') }}\n"
        "{% blocktranslate count n=n %}{{ n }} dog{% plural %}{{ n }} dogs{% endblocktranslate %}\n"
    )
    assert [text for text, _context, _comments in messages(code)] == [
        "One", ("%(n)s cat", "%(n)s cats"), "Set", "It is over.",
    ]  # fmt: skip
    assert [text for text, _context, _comments in messages(page)] == [
        "Two", "Three", ("%(n)s dog", "%(n)s dogs"),
    ]  # fmt: skip
    assert not any("migrations" in path.parts for path in files())


MADE = """
msgid "%(n)s of <b>%(all)s</b> went."
msgstr "{}"
"""


@pytest.mark.parametrize(
    ("said", "blamed"),
    [
        ("%(n)s von <b>%(all)s</b> gingen.", ""),
        ("", "not translated"),
        ("%(n)s von <b>allen</b> gingen.", "placeholders"),
        ("%(n)s von %(all)s gingen.", "tags"),
        ("%(n)s von <b>%(all)s</b> gingen", "end of the sentence"),
        (" %(n)s von <b>%(all)s</b> gingen.", "spaces"),
        ("%(n)s von <b>%(all)s</b>, 100 % gingen.", "percent"),
    ],
)
def test_what_is_lost_on_the_way_is_found(said, blamed):
    asked = read_po(BytesIO(MADE.format("").encode()), locale="de")
    made = Tongue("de", read_po(BytesIO(MADE.format(said).encode()), locale="de"))
    found = complaints(made, asked)
    assert (blamed in found[0]) if blamed else not found


def test_what_is_new_and_what_is_gone_is_found(wanted):
    made = Tongue(
        "de", read_po(BytesIO(b'msgid "Nobody says this."\nmsgstr "Niemand sagt das."\n'), locale="de")
    )
    found = complaints(made, wanted)
    assert any(line.startswith("not in the catalogue: 'Activate on-demand'") for line in found)
    assert "nothing says it any more: 'Nobody says this.'" in found
