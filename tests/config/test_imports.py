"""The one-way imports of the house, as contracts in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT


def test_imports_run_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
