"""Record and replay: what was seen is seen again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from b2bua.console.feed import Feed
from b2bua.console.protocol import Role
from b2bua.console.rows import CALLS, LOG, TOPICS
from tests.unit.tui.fake_switch import NOON_MS, a_live_call, fake_switch, fill
from tests.unit.tui.pilot import console, seen, shows
from tui.app import Console
from tui.feed_recording import Player, Recorder, read
from tui.i18n import Language, set_language
from tui.link import Link
from tui.model import ConsoleModel


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


def record(path: Path) -> Feed:
    """Put a snapshot and five changes, one a second, into a recording; returns the feed at the end."""
    feed = Feed({LOG: 10})
    fill(feed, 3)
    with Recorder(path) as recorder:
        feed.cut()
        recorder.keep(NOON_MS, feed.snapshot(TOPICS))
        for n in range(5):
            feed.change(CALLS, f"late{n}", a_live_call(n))
            recorder.keep(NOON_MS + 1000 * (n + 1), feed.cut())
    return feed


def test_a_replay_ends_with_what_was_recorded(tmp_path: Path) -> None:
    """Played fast, the model ends in the state of the feed, at its time, and requests are refused."""
    feed = record(tmp_path / "recording")

    async def play() -> ConsoleModel:
        model = ConsoleModel(Player(tmp_path / "recording", speed=100))
        await model.source.run(model)
        return model

    model = asyncio.run(play())
    assert model.mirror.state == feed.snapshot(TOPICS).state
    assert model.now_ms() == NOON_MS + 5000
    assert model.role is Role.VIEWER


def test_a_recording_cut_off_anywhere_plays_up_to_there(tmp_path: Path) -> None:
    """A crash in the middle of a frame loses that frame and nothing before it."""
    record(tmp_path / "recording")
    whole = (tmp_path / "recording").read_bytes()
    for size in range(0, len(whole), 37):
        (tmp_path / "cut").write_bytes(whole[:size])
        assert len(list(read(tmp_path / "cut"))) <= 6
    (tmp_path / "cut").write_bytes(b"\0" * 11 + b"\x02" + b"no" + whole)
    with pytest.raises(ValueError, match="no recording"):
        list(read(tmp_path / "cut"))
    (tmp_path / "cut").write_bytes(b"")
    with pytest.raises(ValueError, match="empty"):
        Player(tmp_path / "cut")


def test_the_console_records_while_it_is_used(tmp_path: Path) -> None:
    """A console with `--record` leaves a recording that another console replays to the same picture."""
    path = tmp_path / "control.sock"

    async def use() -> str:
        with Recorder(tmp_path / "recording") as recorder:
            link = Link(path, Role.VIEWER, "wang", recorder)
            async with Console(link, tmp_path / "own").run_test(size=(80, 24)) as pilot:
                await shows(pilot, "12 calls", "warehouse")
                return seen(pilot)

    async def replay() -> str:
        async with Console(Player(tmp_path / "recording"), tmp_path / "own").run_test(size=(80, 24)) as pilot:
            await shows(pilot, "12 calls", "warehouse")
            return seen(pilot)

    with fake_switch(path):
        used = asyncio.run(use())
    assert [line[:60] for line in asyncio.run(replay()).splitlines()[4:]] == [
        line[:60] for line in used.splitlines()[4:]
    ]
    assert console(path).model.link.up is False
