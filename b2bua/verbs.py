"""What a console may ask the daemon to do.

Rule: a verb is a name, the least role, and an async function from plain arguments and an operator to a plain
result; the roles are held here, behind the socket, whatever a console shows or hides.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from b2bua.wire import Fault, Role


@attrs.frozen
class Operator:
    """The person at a console, as the audit trail names them, and what they may do."""

    name: str
    role: Role


class Refusal(Exception):
    """A verb will not do what was asked.

    A sentence for a person, and the faults of the document if that is why.
    """

    def __init__(self, sentence: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence)
        self.faults = faults


@attrs.frozen
class Verb:
    """One thing that can be asked for. `do` raises Refusal, or returns what msgpack can pack."""

    least: Role
    do: Callable[[dict[str, Any], Operator], Awaitable[Any]]
