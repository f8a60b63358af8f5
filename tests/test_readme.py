"""The README says what the code does: its tables are compared with the code they speak of."""

from pathlib import Path

from activations.states import STATES
from config.environment import VARIABLES, Variable

README = Path(__file__).resolve().parent.parent / "README.md"


def shown(variable: Variable) -> str:
    default = "—" if variable.default is None else variable.default
    if isinstance(default, list):
        default = ",".join(default) or "—"
    if isinstance(default, bool):
        default = int(default)
    value = default if default == "—" else f"`{default}`"
    return f"| `{variable.name}` | {variable.kind} | {value} | {variable.meaning} |"


def rows(heading: str) -> list[str]:
    """The rows of the table under a header line."""
    lines = README.read_text(encoding="utf-8").splitlines()
    start = lines.index(heading) + 2
    return lines[start : next(n for n in range(start, len(lines)) if not lines[n].startswith("|"))]


def test_configuration_table_is_the_code():
    assert rows("| variable | kind | default | meaning |") == [shown(one) for one in VARIABLES]


def test_states_table_is_the_code():
    expected = [f"| {state.word} | {state.meaning} |" for state in STATES.values()]
    assert rows("| state | means |") == expected
