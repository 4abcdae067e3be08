"""How every screen looks, at both sizes and in both languages, from a recorded feed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from b2bua.feed import Feed
from b2bua.rows import LOG, LOG_ROWS, TOPICS
from tests.console.archive import Archive
from tests.console.office import NOON_MS, fill, the_messages, the_record, verbs_of
from tests.console.pilot import shows
from tests.console.shelf import PLAN, Shelf
from tui.app import Console
from tui.board import Board, LinkState
from tui.say import Language, speak
from tui.tape import Player, Recorder

# A picture is sometimes taken a beat before the last thing is drawn (a bar, a cursor); until that is mended they are
# compared by `make soak`, and `make test` relies on the pilot tests of the same screens.
pytestmark = pytest.mark.soak

Compare = Callable[..., bool]


class Still(Player):
    """A recording of one moment, with the answers that a daemon would have given then."""

    async def ask(self, verb: str, args: dict[str, Any]) -> Any:
        """An answer of the archive."""
        feed = Feed()
        shelf = Shelf(feed)
        shelf.put(PLAN, "wang", "first")
        verbs = {**verbs_of(feed, []), **shelf.verbs(), **Archive(NOON_MS).verbs()}
        if verb.endswith(".detail"):
            return {"record": the_record(), "messages": the_messages()}
        return await verbs[verb](args, None)  # type: ignore[arg-type]  # these verbs ask not who


class Gone(Still):
    """The daemon went away a minute after that moment."""

    async def run(self, board: Board) -> None:
        """Show the moment, then lose the link."""
        await super().run(board)
        board.link = LinkState(up=False, since_ms=NOON_MS - 60_000, why="Connection refused")
        board.changed()


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    """The language is set by each test."""
    yield
    speak(Language.ZH)


def moment(path: Path, calls: int) -> Path:
    """A tape of one moment with so many calls up."""
    feed = Feed({LOG: LOG_ROWS})
    fill(feed, calls)
    feed.cut()
    with Recorder(path / "tape") as tape:
        tape.keep(NOON_MS, feed.snapshot(TOPICS))
    return path / "tape"


SMALL, LARGE = (80, 24), (160, 48)
SCREENS = {
    "calls-zh-small": (Language.ZH, SMALL, "night", 30, (), "广东广州"),
    "calls-en-large": (Language.EN, LARGE, "night", 60, (), "night-mobile"),
    "calls-paused-filtered": (Language.EN, SMALL, "blind", 30, ("p", "slash", *"talking", "enter"), "12 of 30 shown"),
    "calls-empty-day": (Language.ZH, SMALL, "day", 0, (), "现在没有通话"),
    "detail-zh-large": (Language.ZH, LARGE, "night", 30, ("home", "enter"), "第2次"),
    "numbers-en-small": (Language.EN, SMALL, "mono", 30, ("2",), "suspended"),
    "plan-zh-small": (Language.ZH, SMALL, "night", 30, ("2", "home", "enter", "f3"), "检查通过"),
    "trunks-zh-small": (Language.ZH, SMALL, "night", 30, ("3",), "250 ms"),
    "records-en-small": (Language.EN, SMALL, "night", 30, ("4",), "021-1234 5609"),
    "reports-zh-small": (Language.ZH, SMALL, "night", 30, ("5",), "17 "),
    "log-en-small": (Language.EN, SMALL, "night", 30, ("6",), "plan 5 in force"),
    "help-zh-small": (Language.ZH, SMALL, "night", 30, ("question_mark",), "处处可用"),
}


@pytest.mark.req("S3")
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name: str, tmp_path: Path, snap_compare: Compare) -> None:
    """The screen looks as it did when a person last looked at it and found it good."""
    language, size, theme, calls, keys, expected = SCREENS[name]
    speak(language)
    console = Console(Still(moment(tmp_path, calls)), tmp_path / "own", theme)

    async def press(pilot: Any) -> None:
        await shows(pilot, *(["400-"] if calls else []))
        await pilot.press(*keys)
        await shows(pilot, expected)
        await pilot.pause(0.25)  # one more beat: whatever the keys have set off is drawn

    assert snap_compare(console, terminal_size=size, run_before=press)


def test_screen_without_a_daemon(tmp_path: Path, snap_compare: Compare) -> None:
    """The last picture stays, marked as old."""
    speak(Language.ZH)

    async def wait(pilot: Any) -> None:
        await shows(pilot, "断开", "上海客服中心")

    assert snap_compare(Console(Gone(moment(tmp_path, 30)), tmp_path / "own"), terminal_size=SMALL, run_before=wait)
