"""How commands fail, what they print of times, and how the list of commands is found."""

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from b2bua.api.requests.operation import Refusal
from b2bua.base.errors import StoreError
from b2bua.cli import COMMANDS, main
from b2bua.cli.call_summary import summary_lines
from b2bua.cli.failures import reported_failures
from b2bua.cli.sound_file import save_sound
from b2bua.cli.times import SHANGHAI, iso, parse_time
from b2bua.console.protocol import Fault, FaultKind
from b2bua.media.encryption import Unreadable
from routing.cause import BUSY
from tests.support.samples import ended_record, ending, open_record

MEND = "run this as the switch's user, or as root"
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (StoreError("no such thing"), 2, "no such thing"),
        (Refusal(FaultKind.CONFLICT, "somebody was first"), 2, "somebody was first"),
        (Refusal(FaultKind.BAD_PLAN, "faults", (Fault("a.b", "is odd", "mend it"),)), 1, "a.b: is odd — mend it"),
        (OperationalError("SELECT 1", None, Exception("disk I/O error")), 2, "the database: disk I/O error"),
        (
            PermissionError(13, "Permission denied", "/x"),
            2,
            f"/x: not allowed; {MEND}",
        ),
        (FileExistsError(17, "File exists", "/x"), 2, "/x: File exists"),
        (OSError("something else"), 2, "something else"),
    ],
)
def test_a_failure_is_one_line_and_a_status(
    error: Exception, status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Faults of a document end with 1, anything else with 2; each says itself on stderr, and nothing on stdout."""
    with pytest.raises(SystemExit) as end, reported_failures():
        raise error
    assert end.value.code == status
    assert capsys.readouterr() == ("", f"{says}\n")


def test_a_reader_that_goes_away_is_no_failure() -> None:
    """`switch400 cdr | head`: left to click, which ends quietly."""
    with pytest.raises(BrokenPipeError), reported_failures():
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("now", "2026-05-01T12:00:00.000+08:00"),
        ("today", "2026-05-01T00:00:00.000+08:00"),
        ("yesterday", "2026-04-30T00:00:00.000+08:00"),
        ("30m", "2026-05-01T11:30:00.000+08:00"),
        ("7d", "2026-04-24T12:00:00.000+08:00"),
        ("08:30", "2026-05-01T08:30:00.000+08:00"),
        ("2026-04-01 08:30", "2026-04-01T08:30:00.000+08:00"),
        ("2026-04-01T08:30Z", "2026-04-01T16:30:00.000+08:00"),
    ],
)
def test_times_as_operators_write_them(text: str, shown: str) -> None:
    """Words, a while ago, a time of today, and dates; Shanghai's unless a zone is written."""
    assert iso(parse_time(text, NOON)) == shown


def test_every_command_is_listed_and_found() -> None:
    """The help lists each command once, in order; each can say its own help; another word is refused."""
    listed = CliRunner().invoke(main, ["--help"]).output.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "] == sorted(
        COMMANDS
    )
    context = click.Context(main)
    assert main.list_commands(context) == sorted(COMMANDS)
    for name in sorted(set(COMMANDS) - {"console", "web"}):
        assert "Usage:" in CliRunner().invoke(main, [name, "--help"]).output, name
    unknown = CliRunner().invoke(main, ["dial"])
    assert (unknown.exit_code, "No such command 'dial'" in unknown.output) == (2, True)


@pytest.mark.parametrize(("name", "module"), [("console", "tui"), ("web", "tui.web")])
def test_the_console_takes_the_place_of_the_command(
    name: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told the socket of the switch that is meant, and every option that is its own; its help needs no switch."""
    executed: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, words: executed.append(words))
    CliRunner().invoke(main, [name, "--state", str(tmp_path), "--role", "viewer"], catch_exceptions=False)
    CliRunner().invoke(main, [name, "--help"], catch_exceptions=False)
    assert executed == [
        [sys.executable, "-m", module, "--socket", str(tmp_path / "control.sock"), "--role", "viewer"],
        [sys.executable, "-m", module, "--help"],
    ]


@pytest.mark.req("P1")
def test_a_call_is_told_in_words() -> None:
    """One that is up, one that nobody took, and one that left a message and was recorded."""
    up = list(summary_lines(open_record()))
    assert up[2:4] == ["  has not ended: routing", "Attempts: none"]
    missed = list(summary_lines(open_record(ended_ms=open_record().accepted_ms + 3000, ending=ending(BUSY))))
    assert "ended: busy (SIP 486, Q.850 17, blame upstream)" in missed[2]
    kept = "\n".join(
        summary_lines(ended_record(message_s=12, recorded_ms=10_000, evidence={"0": {"lost": 1}}, trace=()))
    )
    assert "  left a message of 12 s" in kept
    assert ", recorded 0:10" in kept
    assert "  0: {'lost': 1}" in kept


@pytest.mark.req("M5")
def test_sound_that_cannot_be_read(tmp_path: Path) -> None:
    """What can be heard is kept, and what is missing is said; a file of which nothing can be heard is not left."""

    def broken(*pieces: bytes) -> Iterator[bytes]:
        yield from pieces
        raise Unreadable("the key is not here")

    with pytest.raises(StoreError, match=r"all\.wav was not written: the key is not here"):
        save_sound(broken(), 1, tmp_path / "all.wav")
    assert not (tmp_path / "all.wav").exists()
    said = save_sound(broken(b"\0\0" * 8000), 1, tmp_path / "half.wav")
    assert said == f"{tmp_path / 'half.wav'}: 1 s; the key is not here there"
    with pytest.raises(FileExistsError):
        save_sound(iter(()), 1, tmp_path / "half.wav")
