"""The place in line of each call that reaches a node which counts them (R3).

Rule: places of a node are 0, 1, 2 … without a gap or a repeat, over all calls and restarts.
"""

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite

from b2bua.store.database import writing
from b2bua.store.schema import places
from routing.ids import NodeName, Number400


def take_place(engine: Engine, number: Number400, node: NodeName) -> int:
    """The next place at this node of this number's plan, on disk when it returns."""
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(places).values(number=number, node=node, next_place=1)
    statement = statement.on_conflict_do_update(
        index_elements=[places.c.number, places.c.node], set_={"next_place": places.c.next_place + 1}
    ).returning(places.c.next_place)
    with writing(engine) as connection:
        after: int = connection.execute(statement).scalar_one()
    return after - 1
