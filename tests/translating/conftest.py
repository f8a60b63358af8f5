"""The marked language, beside the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.translating import pseudo


@pytest.fixture(scope="session")
def marked_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    pseudo.write_catalogue(folder)
    return folder


@pytest.fixture
def marked(marked_catalogue: Path, settings) -> str:
    """The code of the marked language, which browsers may now ask for."""
    settings.LOCALE_PATHS = [str(marked_catalogue), *settings.LOCALE_PATHS]
    settings.LANGUAGES = [*settings.LANGUAGES, (pseudo.CODE, "Marked")]
    return pseudo.CODE
