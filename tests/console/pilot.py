"""How a test sits at the console: what is on the screen, and waiting until it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from b2bua.wire import Role
from tui.app import Console
from tui.link import Link


def console(path: Path, role: Role = Role.ADMIN) -> Console:
    """A console linked to the switch at `path`."""
    return Console(Link(path, role, "wang"), path.parent / "own")


def seen(pilot: Pilot[Any]) -> str:
    """The text on the screen, line by line."""
    screen = pilot.app.screen
    strips = screen._compositor.render_strips(screen.size)
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the console run until this holds; fails after 8 s with what is on the screen."""
    for _ in range(160):
        await pilot.pause(0.05)
        if condition():
            return
    raise AssertionError(f"not in time; on the screen:\n{seen(pilot)}")


async def shows(pilot: Pilot[Any], *texts: str) -> None:
    """Let the console run until all of these texts are on the screen."""
    await until(pilot, lambda: all(text in seen(pilot) for text in texts))


async def shows_no(pilot: Pilot[Any], *texts: str) -> None:
    """Let the console run until none of these texts is on the screen."""
    await until(pilot, lambda: not any(text in seen(pilot) for text in texts))
