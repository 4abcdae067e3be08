"""The state of the 400 numbers that this switch serves.

Rule: a number is added with its first plan and is never removed; changing its state leaves its plan and history (N7).
A call to a suspended number is answered with 480.
"""

from enum import StrEnum

from sqlalchemy import Connection, select, update

from b2bua.base.errors import NotFound
from b2bua.store.audit import AuditEntry, note
from b2bua.store.schema import numbers
from routing.ids import Number400
from routing.number import print_400


class NumberState(StrEnum):
    """Whether calls to a number are taken."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


def set_state(connection: Connection, number: Number400, state: NumberState, *, who: str, at_ms: int) -> bool:
    """Set a number's state within a transaction; False if it was so already. Raises NotFound."""
    chosen = numbers.c.number == number
    before = connection.scalar(select(numbers.c.state).where(chosen).with_for_update())
    if before is None:
        raise NotFound(f"{print_400(number)} is not served here; publish a plan for it first")
    if before == state:
        return False
    connection.execute(update(numbers).where(chosen).values(state=state.value, changed_ms=at_ms))
    note(connection, AuditEntry(at_ms, who, "number.state", number, {"state": state.value, "before": before}))
    return True
