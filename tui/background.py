"""Runs requests in the background while the screen stays usable.

Rule: a result that arrives while its screen is being closed is ignored: widgets that it needs are gone (NoMatches).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from textual.css.query import NoMatches
from textual.dom import DOMNode

Ask = Callable[[], Awaitable[None]]


def run_latest(node: DOMNode, ask: Ask, group: str) -> None:
    """Run this; cancels what is still running in the same group."""
    # a function, not a coroutine: Python warns of a coroutine that is dropped before it ran
    node.run_worker(_heard(ask), group=group, exclusive=True)


def run_each(node: DOMNode, ask: Ask, group: str) -> None:
    """Run this besides what is still running in the same group: each changes something, so none is cancelled."""
    node.run_worker(_heard(ask), group=group)


def _heard(ask: Ask) -> Ask:
    async def heard() -> None:
        with suppress(NoMatches):
            await ask()

    return heard
