"""Versions of plans and live plans as values, and the queries that read them.

Rule: the live plan of a number is the version that `numbers.live_version` names.
"""

from collections.abc import Iterator
from typing import Any

import attrs
from sqlalchemy import Connection, Select, select

from b2bua.base.serialization import unpack
from b2bua.store.numbers import NumberState
from b2bua.store.schema import numbers, plans, versions
from routing.ids import Number400, PlanHash


@attrs.frozen
class Version:
    """One publication of a number's plan. `at_ms` is UTC epoch milliseconds; `restored_from` an older version's id."""

    id: int
    number: Number400
    plan_hash: PlanHash
    author: str
    at_ms: int
    note: str
    restored_from: int | None


@attrs.frozen
class LivePlan:
    """A number as it is served now: `plain` is the plan as `routing.document.from_plain` takes it."""

    number: Number400
    state: NumberState
    subscriber: str
    version: Version
    document: str
    plain: dict[str, Any]  # Any: a document of nested plain values, typed by `routing.document.from_plain`


_VERSION = tuple(versions.c[field.name] for field in attrs.fields(Version))


def read_live(connection: Connection, number: Number400 | None = None) -> Iterator[LivePlan]:
    """Every number, or one, in order."""
    statement = (
        select(numbers.c.state, numbers.c.subscriber, versions.c.document, plans.c.plain, *_VERSION)
        .join_from(numbers, versions, numbers.c.live_version == versions.c.id)
        .join(plans, versions.c.plan_hash == plans.c.hash)
        .order_by(numbers.c.number)
    )
    if number is not None:
        statement = statement.where(numbers.c.number == number)
    for state, subscriber, document, plain, *version in connection.execute(statement):
        now = Version(*version)
        yield LivePlan(now.number, NumberState(state), subscriber, now, document, unpack(plain))


# Any: SQLAlchemy Core gives the columns of a table no types.
def select_versions(number: Number400) -> Select[Any]:
    """A number's versions, newest first."""
    return select(*_VERSION).where(versions.c.number == number).order_by(versions.c.id.desc())


def read_version(connection: Connection, version_id: int) -> tuple[Version, str] | None:
    """A version and its document; None if there is none of this id."""
    statement = select(versions.c.document, *_VERSION).where(versions.c.id == version_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else (Version(*row[1:]), row[0])


def documents_around(connection: Connection, number: Number400, version_id: int) -> tuple[str, str]:
    """A number's document before a version and with it; empty where there was none."""
    statement = select(versions.c.document).where(versions.c.number == number, versions.c.id <= version_id)
    found = list(connection.scalars(statement.order_by(versions.c.id.desc()).limit(2)))
    after, before, *_ = (*found, "", "")
    return before, after
