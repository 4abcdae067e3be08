"""The places of calls at a node that distributes by turns or by shares (R3).

Rule: places of a node are 0, 1, 2 … without a gap or a repeat, over all calls and restarts. While the database cannot
be written a call waits for its place for `PATIENCE_S`; then it gets none, and its flow chooses by chance and says so in
the trace.
"""

import logging
from typing import Final

import trio
from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite

from b2bua.base.retry import until_possible
from b2bua.base.threads import in_thread
from b2bua.store.database import BUSY_TIMEOUT_S, NOT_NOW, writing
from b2bua.store.schema import places
from routing.ids import NodeName, Number400

PATIENCE_S: Final = 18.0
"""The longest wait for a place. It is shorter than timer T7 of the carrier's ISUP (ITU-T Q.764: 20–30 s), which ends a
call for which no ACM comes, and than the flow's own wait (`routing.nodes.compare`)."""

_log = logging.getLogger(__name__)


def take_place(engine: Engine, number: Number400, node: NodeName) -> int:
    """The next place at this node of this number's plan, on disk when it returns. Raises one of `NOT_NOW`."""
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(places).values(number=number, node=node, next_place=1)
    statement = statement.on_conflict_do_update(
        index_elements=[places.c.number, places.c.node], set_={"next_place": places.c.next_place + 1}
    ).returning(places.c.next_place)
    with writing(engine) as connection:
        after: int = connection.execute(statement).scalar_one()
    return after - 1


class PlaceCounter:
    """Gives places to calls, one call after the other, so that they use one connection and one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = trio.Lock()

    async def take(self, number: Number400, node: NodeName) -> int | None:
        """The next place; None if the database cannot be written for so long that the call must go on without one."""
        place: int | None = None
        # A try that has begun is finished, and may take as long as the database waits for a lock.
        with trio.move_on_after(PATIENCE_S - BUSY_TIMEOUT_S):
            async with self._turn:
                place = await until_possible(
                    lambda: in_thread(take_place, self._engine, number, node), NOT_NOW, self._report
                )
        return place

    def _report(self, reason: str) -> None:
        if reason:
            _log.error("no place can be taken for a call, which waits: %s", reason)
