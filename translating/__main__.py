"""`make messages`: bring every catalogue up to date with the code and the templates, and say what is left to do."""

from __future__ import annotations

import django
from django.conf import settings

from translating.catalogues import LANGUAGES, text_file, updated, write
from translating.judge import complaints
from translating.sources import ROOT, catalogue


def main() -> None:
    settings.configure(USE_I18N=True)
    django.setup()
    wanted = catalogue()
    for language in LANGUAGES:
        tongue = updated(language, wanted)
        write(tongue)
        todo = complaints(tongue, wanted)
        print(f"{text_file(language).relative_to(ROOT)}: {len(tongue.said())} messages, {len(todo)} to mend")
        for line in todo[:20]:
            print(f"  {line}")
        if len(todo) > 20:
            print(f"  … and {len(todo) - 20} more")


main()
