"""What is asked while the screen goes on.

Rule: an answer that comes while its screen is being closed, part by part, is dropped: nobody waits for it any more.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from textual.css.query import NoMatches
from textual.dom import DOMNode

Ask = Callable[[], Awaitable[None]]


def ask_anew(node: DOMNode, ask: Ask, group: str) -> None:
    """Ask this in place of whatever of the same group is still being asked."""
    # a function, not a coroutine: one that never ran would be complained of when it is collected
    node.run_worker(_heard(ask), group=group, exclusive=True)


def ask_also(node: DOMNode, ask: Ask, group: str) -> None:
    """Ask this too: what was asked before is something that must be done."""
    node.run_worker(_heard(ask), group=group)


def _heard(ask: Ask) -> Ask:
    async def heard() -> None:
        with suppress(NoMatches):
            await ask()

    return heard
