"""`switch400 cdr` as its user sees it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from b2bua.cli import main
from b2bua.store.store import Store
from routing.cause import BUSY
from tests.support.samples import ARRIVED_MS, ended_record, ending, open_record, talking_record


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with three calls: ended, talking, and one that a mobile gave up."""
    store = Store.open(tmp_path / "switch400.db", tmp_path / "spool")
    missed = open_record("c-3", caller="13900139000", place="北京", ended_ms=ARRIVED_MS + 9000, ending=ending(BUSY))
    store.records.put([ended_record("c-1"), talking_record("c-2", accepted_ms=ARRIVED_MS + 1), missed])
    store.close()
    return tmp_path


def cdr(state: Path, *arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["cdr", "--state", str(state), *arguments], catch_exceptions=False)


@pytest.mark.req("P1")
def test_table_is_aligned_and_in_shanghai_time(state: Path) -> None:
    """Columns begin at the same cell in every row, Chinese or not; numbers are printed with hyphens."""
    result = cdr(state, "--wide")
    assert result.exit_code == 0
    head, *rows = result.output.splitlines()
    assert len(rows) == 3
    assert rows[0].startswith("2025-11-25 00:00:00  400-600-1234  021-")
    column = head.index("CALL-ID")
    for row in rows:
        cells = "".join(letter + ("_" if "\u4e00" <= letter <= "\u9fff" else "") for letter in row)
        assert cells[column:].startswith("c-")


@pytest.mark.req("P1")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], ["c-2", "c-3", "c-1"]),
        (["--open"], ["c-2"]),
        (["--cause", "busy"], ["c-3"]),
        (["--blame", "success"], ["c-1"]),
        (["--missed"], ["c-3"]),
        (["--caller", "021-1234 5678"], ["c-2", "c-1"]),
        (["--caller", "139*"], ["c-3"]),
        (["--number", "400-600-1234", "--target", "mobile"], ["c-2", "c-1"]),
        (["--since", "2025-11-26"], []),
        (["--since", "2025-11-25", "--until", "2025-11-25 08:00"], ["c-2", "c-3", "c-1"]),
        (["--limit", "1"], ["c-2"]),
    ],
)
def test_filters_and_json_lines(state: Path, arguments: list[str], found: list[str]) -> None:
    """Each filter narrows the list; `--json` prints one whole record a line."""
    result = cdr(state, "--json", *arguments)
    assert [json.loads(line)["call_id"] for line in result.stdout.splitlines()] == found


@pytest.mark.req("P1")
def test_json_has_iso_times_and_canonical_numbers(state: Path) -> None:
    """Programs get ISO times with the zone, canonical numbers, and every attempt."""
    (line,) = cdr(state, "--json", "--blame", "success").stdout.splitlines()
    record = json.loads(line)
    assert record["accepted"] == "2025-11-25T00:00:00.000+08:00"
    assert (record["number"], record["caller"], record["talk_ms"]) == ("4006001234", "02112345678", 10_000)
    assert record["attempts"][1]["answered"] == "2025-11-25T00:00:02.000+08:00"
    assert record["trace"][0]["chose"] == "mobile"


@pytest.mark.req("P1")
def test_one_call_is_told(state: Path) -> None:
    """`cdr show` tells times, attempts with causes, and the trace with what was passed over."""
    told = CliRunner().invoke(main, ["cdr", "show", "c-1", "--state", str(state)]).output
    assert "called 400-600-1234 at 2025-11-25 00:00:00" in told
    assert "+12.000 s  ended by the caller: normal (SIP 480, Q.850 16, blame success)" in told
    assert "front-desk (021-6228 8300), ended at +0.500 s: busy" in told
    assert "hunt start chose mobile (order sequential)" in told
    assert "not front-desk: busy" in told


def test_no_control_character_reaches_the_terminal(state: Path) -> None:
    """What a stranger put into a call cannot drive the operator's terminal."""
    store = Store.open(state / "switch400.db", state / "spool")
    store.records.put([ended_record("c-9", sip_call_id="a\x1b[2Jb", target="[red]x\x1b]0;y\x07")])
    store.close()
    for output in (cdr(state).output, cdr(state, "show", "c-9").output):
        assert "\x1b" not in output
        assert "\x07" not in output
    assert "[red]x" in cdr(state).output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--number", "4002345678"], "4002"),
        (["--since", "soon"], "is no time; write"),
        (["show", "c-77"], "no record of a call c-77"),
    ],
)
def test_bad_input_is_one_clear_line(state: Path, arguments: list[str], words: str) -> None:
    """A wrong number, time or call is said in words, exit status 2."""
    result = cdr(state, *arguments)
    assert (result.exit_code, words in result.stderr) == (2, True)


def test_no_database_yet(tmp_path: Path) -> None:
    """Asking a directory where nothing ever ran says so and creates nothing."""
    result = cdr(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "there is no database yet" in result.stderr
    assert not (tmp_path / "nowhere").exists()
