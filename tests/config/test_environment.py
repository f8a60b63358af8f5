"""The table of environment variables: read typed, refused by name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import VARIABLES, read
from tests.environment import ROOT

SETTINGS = [sys.executable, "-c", "import config.settings"]


def load_settings(**changes: str | None) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of their own, with variables changed or (None) taken away."""
    environment = {**os.environ, **{name: value for name, value in changes.items() if value is not None}}
    for name in (name for name, value in changes.items() if value is None):
        environment.pop(name, None)
    return subprocess.run(SETTINGS, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_it_works() -> None:
    assert load_settings().returncode == 0


def test_names_are_unique_and_explained() -> None:
    names = [variable.name for variable in VARIABLES]
    assert len(names) == len(set(names))
    assert all(variable.meaning.endswith(".") for variable in VARIABLES)


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES if variable.kind == "int"])
def test_malformed_number_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "eight thousand")
    with pytest.raises(ImproperlyConfigured, match=name):
        read(name)


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "REDIS_URL"])
@pytest.mark.parametrize("value", [None, ""])
def test_missing_value_stops_the_start_with_its_name(name: str, value: str | None) -> None:
    assert f"Environment variable {name} is missing" in load_settings(**{name: value}).stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mainframe://somewhere/db"),
        ("FIELD_KEYS", "too-short"),
        ("TIME_ZONE", "Europe/Atlantis"),
        ("LOG_LEVEL", "chatty"),
        ("DEBUG", "perhaps"),
        ("SECURE", "perhaps"),
        ("REDIS_URL", "http://localhost/"),
    ],
)
def test_malformed_value_stops_the_start_with_its_name(name: str, value: str) -> None:
    found = load_settings(**{name: value})
    assert found.returncode != 0
    assert f"Environment variable {name} is malformed" in found.stderr


def test_values_may_begin_with_a_dollar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "$ecret")
    assert read("DEMO_PASSWORD") == "$ecret"


def test_files_of_the_stack_fill_what_the_environment_leaves_open(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("SECRET_KEY=from-file-50-characters-0123456789-0123456789-0123\n")
    (tmp_path / "stack.env").write_text("REDIS_URL=unix:///nowhere.sock\nTIME_ZONE=Asia/Tokyo\n")
    ask = "import config.settings as s; print(s.SECRET_KEY[:9], s.REDIS_URL, s.TIME_ZONE)"
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "TIME_ZONE": "Europe/Berlin"}
    for name in ("SECRET_KEY", "REDIS_URL"):
        environment.pop(name)
    found = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["from-file", "unix:///nowhere.sock", "Europe/Berlin"]
