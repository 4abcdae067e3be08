"""How every screen looks, at both sizes, in every state, from a recorded feed.

Rule: a picture is taken when the console is at rest (`pilot.at_rest`) and never after a while.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import TextArea

from tests.console.pilot import at_rest, press, shows
from tests.console.shelf import PLAN
from tests.console.still import Gone, Still, moment
from tui.app import Console
from tui.say import Language, speak

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}


@attrs.frozen
class View:
    """A picture: what it is called, the keys that lead to it from the one before, and what is then to be read.

    `text` is put into the editor of the plan first; `leave` are the keys that lead on.
    """

    name: str
    keys: tuple[str, ...]
    reads: str = ""
    text: str = ""
    leave: tuple[str, ...] = ()


PANES = (
    View("calls", ("1",), "400-820-8820"),
    View("numbers", ("2",), "Example Ltd"),
    View("trunks", ("3", "home"), "203.0.113.5:5060"),
    View("records", ("4",), "021-1234 5609"),
    View("reports", ("5",), "75%"),
    View("log", ("6",), "plan 5 in force"),
)
BOXES = (
    View("filter", ("1", "slash", *"138"), "138 0013 8000", leave=("escape", "escape")),
    View("hangup", ("end", "x"), "400-600-1234", leave=("n",)),
    View("columns", ("c",), "400", leave=("escape",)),
    View("help", ("question_mark",), "PgUp", leave=("escape",)),
    View("palette", ("ctrl+p",), leave=("escape",)),
)
CALL = (
    View("detail", ("1", "end", "enter"), "closed on Saturday"),
    View("detail-messages", ("m", "end"), "SIP/2.0 180 Ringing", leave=("escape",)),
)
PLANS = (
    View("plan-tree", ("2", "home", "enter"), "139 1111 2222"),
    View("plan-text", ("f3",), "[hunt]"),
    View("plan-whatif", ("f5", *"021", "enter"), "→ desk"),
    View("plan-history", ("f7", "end", "enter"), "-ring_s = 15"),
    View("plan-forms", ("f4",), "night-mobile"),
    View("plan-form", ("enter",), "010-6552 1234", leave=("escape", "escape")),
    View("plan-difference", ("f3", "f6"), "ring_s = 18", text=PLAN.replace("= 15", "= 18")),
    View("plan-publish", ("f9",), "+ring_s = 18", leave=("escape",)),
    View("plan-faults", ("f3",), "ring_s", text=PLAN.replace("= 20", "= 2"), leave=("f8", "y", "f2", "escape")),
)
DEEDS = (
    View("trunk-out", ("3", "home", "o"), "15", leave=("n",)),
    View("records-search", ("4", "f"), "2026-11-22T08:00", leave=("escape",)),
    View("records-missed", ("m",), "021-1234 5609"),
    View("records-close", ("home", "x"), leave=("escape",)),
    View("records-export", ("e",), "records.csv", leave=("escape", "m")),
    View("voicemail", ("4", "v"), "sales", leave=("escape",)),
    View("recordings", ("t",), "12-22", leave=("escape",)),
    View("reports-cause", ("5", "u"), "47"),
    View("audit", ("6", "a"), "+ring_s = 20", leave=("escape",)),
)
PAUSED = tuple(attrs.evolve(view, keys=(*view.keys, "p")) for view in PANES if view.name not in ("records", "reports"))
EMPTY = (
    View("calls", ("1",), "no calls now"),
    View("numbers", ("2",), "no numbers yet"),
    View("trunks", ("3",), "no trunks in the configuration"),
    View("records", ("4",), "no records found"),
    View("reports", ("5",), "by hour · today"),
    View("log", ("6",), "nothing has happened yet"),
)
LOST = (*(attrs.evolve(view, reads="") if view.name in ("records", "reports") else view for view in PANES), CALL[0])
STATES = {
    "busy": (Language.EN, 30, (*PANES, *BOXES, *CALL, *PLANS, *DEEDS)),
    "chinese": (Language.ZH, 30, (*PANES, *BOXES, *CALL, *PLANS, *DEEDS)),
    "paused": (Language.EN, 30, PAUSED),
    "empty": (Language.EN, 0, EMPTY),
    "disconnected": (Language.EN, 30, LOST),
}


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    """The language is set by each test."""
    yield
    speak(Language.ZH)


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Pictures in files of their own, to be looked at in any browser."""
    return snapshot.use_extension(SVGImageExtension)


@pytest.mark.req("S3")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_screens(state: str, size: str, tmp_path: Path, pictures: SnapshotAssertion) -> None:
    """Each screen looks as it did when a person last looked at its picture and found it good."""
    language, calls, views = STATES[state]
    speak(language)
    tape = moment(tmp_path, calls)
    source = Gone(tape) if state == "disconnected" else Still(tape, past=calls > 0)
    other = asyncio.run(walk(Console(source, tmp_path / "own"), SIZES[size], views, pictures))
    assert not other, f"these look different (retake them with --snapshot-update, and look at them): {other}"


@pytest.mark.parametrize("theme", ["day", "blind", "mono"])
def test_themes(theme: str, tmp_path: Path, pictures: SnapshotAssertion) -> None:
    """The panes in the other colours."""
    speak(Language.EN)
    source = Still(moment(tmp_path, 30))
    assert not asyncio.run(walk(Console(source, tmp_path / "own", theme), (80, 24), PANES, pictures))


async def walk(console: Console, size: tuple[int, int], views: tuple[View, ...], pictures: Any) -> list[str]:
    """Go from view to view; the names of those that do not look like their picture."""
    other = []
    async with console.run_test(size=size) as pilot:
        await shows(pilot, "6 ")
        for view in views:
            await go_to(pilot, view)
            if console.export_screenshot(title=view.name) != pictures(name=view.name):
                other.append(view.name)
            await press(pilot, *view.leave)
    return other


async def go_to(pilot: Pilot[Any], view: View) -> None:
    """Press the way to a view, and wait until it is there and at rest."""
    if view.text:
        pilot.app.screen.query_one(TextArea).text = view.text
    await press(pilot, *view.keys)
    await shows(pilot, view.reads)
    await at_rest(pilot)
