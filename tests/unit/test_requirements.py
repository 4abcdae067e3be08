"""The table of requirements says of each row what the tests say."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_states_match_the_markers() -> None:
    """A row that is proved, wholly or in part, has a test with its marker; a row that is not built yet has none."""
    table = (ROOT / "docs/requirements.md").read_text()
    rows = re.findall(r"^\| ((?:[A-Z]\d+ ?)+)\|.*\| ([^|]*)\|$", table, re.MULTILINE)
    states = {row: state.split(":")[0].strip() for ids, state in rows for row in ids.split()}
    texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    markers = (args for text in texts for args in re.findall(r"mark\.req\(([^)]*)\)", text))
    marked = {row for args in markers for row in re.findall(r"[A-Z]\d+", args)}
    assert {row for row, state in states.items() if state in ("proved", "in part")} == marked
    assert set(states.values()) == {"proved", "in part", "not yet"}
