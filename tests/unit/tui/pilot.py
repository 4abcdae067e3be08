"""How a test sits at the console: what is on the screen, and waiting until it is."""

import asyncio
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from textual.events import Key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea

from b2bua.console.protocol import Role
from tui.app import Console
from tui.link import Link
from tui.plan.screen import PlanScreen


def console(path: Path, role: Role = Role.ADMIN) -> Console:
    """A console linked to the switch at `path`."""
    return Console(Link(path, role, "wang"), path.parent / "own")


def seen(pilot: Pilot[Any]) -> str:
    """The text on the screen, line by line."""
    screen = pilot.app.screen
    strips = screen._compositor.render_strips(screen.size)
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the console run until this holds; fails after 30 s with what is on the screen."""
    for _ in range(600):
        await asyncio.sleep(0.05)  # a pause of the pilot's goes through every widget
        if condition():
            return
    raise AssertionError(f"not in time; on the screen:\n{seen(pilot)}")


async def shows(pilot: Pilot[Any], *texts: str) -> None:
    """Let the console run until all of these texts are on the screen."""
    await until(pilot, lambda: all(text in seen(pilot) for text in texts))


async def shows_no(pilot: Pilot[Any], *texts: str) -> None:
    """Let the console run until none of these texts is on the screen."""
    await until(pilot, lambda: not any(text in seen(pilot) for text in texts))


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, each when what the one before it set off is done; what is typed into a line in one go."""
    for key, after in zip_longest(keys, keys[1:], fillvalue=""):
        pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        if not (isinstance(pilot.app.focused, Input) and len(key) == len(after) == 1):
            await at_rest(pilot)


def drawing(screen: Screen[Any]) -> bool:
    """Whether a screen has still to lay itself out or to draw something, or will do something after that."""
    laid_out = not (screen._layout_required or screen._scroll_required or screen._recompose_required)
    return not laid_out or bool(screen._repaint_required or screen._dirty_widgets or screen._callbacks)


async def at_rest(pilot: Pilot[Any]) -> None:
    """Let the console run until nothing is on its way to the screen: no message, no answer, no change that settles.

    A blinking cursor stays on from then on: it would show in one picture and not in the next.
    """
    app = pilot.app
    while True:
        await pilot.pause(0)
        await app.animator.wait_until_complete()
        assert not app.return_code, "the console has failed"
        nodes = [app, *(node for screen in app.screen_stack for node in screen.walk_children(with_self=True))]
        waiting = [worker for worker in app.workers if worker.group != "feed" and not worker.is_finished]
        settling = any(isinstance(screen, PlanScreen) and screen.settling for screen in app.screen_stack)
        if not waiting and not settling and not drawing(app.screen) and not any(n.message_queue_size for n in nodes):
            break
        await asyncio.sleep(0.001)
    for cursor in app.screen.query("Input, TextArea").results():
        if isinstance(cursor, Input | TextArea) and cursor.cursor_blink:
            cursor.cursor_blink = False
            await at_rest(pilot)
