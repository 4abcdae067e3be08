"""How every screen looks at 80×24 in every state, and the main ones at 160×48, from a recorded feed.

Rule: a picture is taken when the console is at rest (`pilot.at_rest`), never after a fixed time.
"""

import asyncio
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import attrs
import pytest
from pytest_textual_snapshot import SVGImageExtension
from rich.console import RenderableType
from syrupy.assertion import SnapshotAssertion
from textual._compositor import Compositor
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import TextArea

from tests.unit.tui.pilot import at_rest, press, shows
from tests.unit.tui.plan_store import PLAN
from tests.unit.tui.still_switch import StillSwitch, record_still
from tui.app import Console
from tui.base_screen import BaseScreen
from tui.i18n import Language, set_language

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}


@attrs.frozen
class View:
    """A picture: what it is called, the keys that lead to it from the one before, and what is then to be read.

    `text` is put into the editor of the plan first; `leave` are the keys that lead on. With `lose` the daemon goes away
    before the picture is taken.
    """

    name: str
    keys: tuple[str, ...]
    reads: str = ""
    text: str = ""
    leave: tuple[str, ...] = ()
    lose: bool = False


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
FORMS = (
    View("plan-forms", ("f4",), "night-mobile"),
    View("plan-form", ("enter",), "010-6552 1234"),
    View("plan-away", ("f8",), "desk", leave=("n", "escape")),
    View(
        "plan-split",
        ("end", *("up",) * 5, "enter", *"desk 37", "ctrl+s"),
        "37",
        leave=("escape", "escape"),
    ),
)
PLANS = (
    View("plan-tree", ("2", "home", "enter"), "139 1111 2222"),
    View("plan-text", ("f3",), "[hunt]"),
    View("plan-whatif", ("f5", *"021", "enter"), "→ desk"),
    View("plan-history", ("f7", "end", "enter"), "-ring_s = 15"),
    *FORMS,
    View("plan-difference", ("f3", "f6"), "ring_s = 18", text=PLAN.replace("= 15", "= 18")),
    View("plan-publish", ("f9",), "+ring_s = 18", leave=("escape",)),
    View("plan-faults", ("f3",), "ring_s", text=PLAN.replace("= 20", "= 2"), leave=("f8", "y", "f2", "escape")),
)
ACTIONS = (
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
BUSY = (*PANES, *BOXES, *CALL, *PLANS, *ACTIONS)
LARGE = (*PANES, CALL[0])
THEMES = ("day", "blind", "mono")
COLOURED = (PANES[0], PANES[2], PANES[4])


def only(names: str, **reads: str) -> tuple[View, ...]:
    """These views of the busy switch, some known by something else."""
    views = {view.name: view for view in BUSY}
    return tuple(attrs.evolve(views[name], reads=reads.get(name.replace("-", "_"), "")) for name in names.split())


PAUSED = (
    *(attrs.evolve(view, keys=(*view.keys, "p")) for view in PANES if view.name not in ("records", "reports")),
    attrs.evolve(BOXES[0], keys=("1", "slash", *"138", "enter")),  # on the calls, which are paused still
    *BOXES[1:3],
)
EMPTY = (
    *only(
        "calls numbers trunks records reports log filter",
        calls="no calls now",
        numbers="no numbers yet",
        trunks="no trunks in the configuration",
        records="no records found",
        reports="by hour · today",
        log="nothing has happened yet",
        filter="138",
    ),
    *only("records-search records-missed records-export voicemail recordings reports-cause audit"),
)
LOST = (
    # whoever has a plan before them when the daemon goes works on
    attrs.evolve(PLANS[0], keys=("4", *PLANS[0].keys), lose=True),
    *only(
        "plan-text plan-whatif plan-history", plan_text="[hunt]", plan_whatif="no link", plan_history="shorter waits"
    ),
    *FORMS,
    *only("plan-difference", plan_difference="ring_s = 18"),
    attrs.evolve(PLANS[-2], leave=("escape", "f8", "y", "f2", "escape")),
    *PANES[:4],
    *only("reports"),
    PANES[5],
    attrs.evolve(BOXES[1], keys=("1", *BOXES[1].keys)),
    *only("detail trunk-out records-search records-missed voicemail recordings reports-cause audit"),
)
STATES = {
    ("busy", "80x24"): (Language.EN, 30, BUSY),
    ("busy", "160x48"): (Language.EN, 30, LARGE),
    ("chinese", "80x24"): (Language.ZH, 30, BUSY),
    ("paused", "80x24"): (Language.EN, 30, PAUSED),
    ("empty", "80x24"): (Language.EN, 0, EMPTY),
    ("disconnected", "80x24"): (Language.EN, 30, LOST),
}
"""The language, how many calls there have been, and the views to take, of each state at each size."""
MISSING = {
    "empty": {
        "columns help palette": "a box that shows nothing of the switch",
        "hangup detail detail-messages": "there is no call",
        "plan-tree plan-text plan-whatif plan-history plan-forms plan-form plan-away plan-split plan-difference "
        "plan-publish plan-faults": "there is no number that could have a plan",
        "trunk-out": "there is no trunk",
        "records-close": "there is no missed call",
    },
    "paused": {
        "records reports records-search records-missed records-close records-export reports-cause voicemail recordings "
        "audit": "what is asked for does not change by itself",
        "help palette trunk-out": "a box shows what is live or nothing of the switch, whatever table is under it",
        "detail detail-messages": "the detail of a call goes on, whatever its row does",
        "plan-tree plan-text plan-whatif plan-history plan-forms plan-form plan-away plan-split plan-difference "
        "plan-publish plan-faults": "a plan is not of the feed",
    },
    "disconnected": {
        "filter columns help palette records-export": "a box that shows nothing of the switch",
        "detail-messages": "they come from the daemon, which is away",
        "plan-faults": "the daemon checks the text, and is away",
        "records-close": "the daemon lists missed calls, and is away",
    },
}
"""What there is no picture of at 80×24 in a state, and why."""


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    """The language is set by each test."""
    yield
    set_language(Language.ZH)


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Pictures in files of their own, to be looked at in any browser."""
    return snapshot.use_extension(SVGImageExtension)


@pytest.fixture(autouse=True)
def no_partial_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw pictures only: without a terminal, Textual draws every change between them too, and throws it away."""
    original = Compositor.render_update

    def render(
        self: Compositor, full: bool = False, screen_stack: list[Screen[object]] | None = None, simplify: bool = False
    ) -> RenderableType | None:
        if full:
            return original(self, True, screen_stack, simplify)
        self._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", render)


@pytest.mark.req("S3")
@pytest.mark.timeout(600)  # dozens of pictures: seconds of work, minutes where the machine has much else to do
@pytest.mark.parametrize(("state", "size"), STATES)
def test_screens(state: str, size: str, tmp_path: Path, pictures: SnapshotAssertion) -> None:
    """Each screen looks as it did when a person last looked at its picture and found it good."""
    language, calls, views = STATES[state, size]
    set_language(language)
    source = StillSwitch(record_still(tmp_path, calls), replies=calls > 0)
    other = asyncio.run(different(source, Console(source, tmp_path / "own"), SIZES[size], views, pictures))
    assert not other, f"these look different (retake them with --snapshot-update, and look at them): {other}"


@pytest.mark.req("S3")
def test_no_screen_is_forgotten() -> None:
    """In each state there is a picture at 80×24 of every screen, or a reason why there is none."""
    every = {view.name for view in BUSY}
    for (state, size), (_, _, views) in STATES.items():
        if size != "80x24":
            continue
        missing = [name for names in MISSING.get(state, {}) for name in names.split()]
        assert sorted([*(view.name for view in views), *missing]) == sorted(every), state


def test_no_picture_is_left_over() -> None:
    """Each file of a picture is compared with by a test: what no view takes any more is deleted."""
    taken = {
        f"test_screens[{state}-{size}][{view.name}]" for (state, size), (*_, views) in STATES.items() for view in views
    }
    taken |= {f"test_themes[{theme}][{view.name}]" for theme in THEMES for view in COLOURED}
    assert {path.stem for path in (Path(__file__).parent / "__snapshots__/test_screens").iterdir()} == taken


@pytest.mark.parametrize("theme", THEMES)
def test_themes(theme: str, tmp_path: Path, pictures: SnapshotAssertion) -> None:
    """The panes that use colour most, in the other colours."""
    set_language(Language.EN)
    source = StillSwitch(record_still(tmp_path, 30))
    console = Console(source, tmp_path / "own", theme)
    assert not asyncio.run(different(source, console, (80, 24), COLOURED, pictures))


async def different(
    source: StillSwitch, console: Console, size: tuple[int, int], views: tuple[View, ...], pictures: SnapshotAssertion
) -> list[str]:
    """Go from view to view; the names of those that do not look like their picture."""
    other = []
    async with console.run_test(size=size) as pilot:
        await shows(pilot, "6 ")
        for view in views:
            if view.text:
                console.screen.query_one(TextArea).text = view.text
            await press(pilot, *view.keys)
            if view.lose:
                source.lose(console.model)
                assert isinstance(console.screen, BaseScreen)
                console.screen.renew()
            if await picture_of(pilot, view) != pictures(name=view.name):
                other.append(view.name)
            await press(pilot, *view.leave)
    return other


async def picture_of(pilot: Pilot[None], view: View) -> str:
    """The picture of a view, when what it is known by is there and the console is at rest."""
    for _ in range(160):
        await at_rest(pilot)
        picture = pilot.app.export_screenshot(title=view.name)
        if view.reads in unescape("".join(re.findall(r"<text [^>]*>([^<]*)</text>", picture))).replace("\xa0", " "):
            return picture
        await pilot.pause(0.05)
    raise AssertionError(f"{view.name} does not read {view.reads}")
