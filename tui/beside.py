"""What is asked while the screen goes on.

Rule: of one group only the newest is heard out; one that was overtaken before it began is not begun at all.
"""

from collections.abc import Awaitable, Callable

from textual.dom import DOMNode


def ask_anew(node: DOMNode, ask: Callable[[], Awaitable[None]], group: str) -> None:
    """Ask this in place of whatever of the same group is still being asked."""
    # a function, not a coroutine: one that never ran would be complained of when it is collected
    node.run_worker(ask, group=group, exclusive=True)
