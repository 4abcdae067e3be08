"""Brings the schema of an older database to this program's, step by step; a newer one is refused and not changed.

Rule: all steps are one transaction, so a database has its old version or this program's, never one between.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection, insert, inspect, select, text, update

from b2bua.base.errors import StoreUnusable
from b2bua.store.schema import METADATA, SCHEMA_VERSION, audit, closings, messages, schema_version

Step = Callable[[Connection], None]


def _missed_calls(connection: Connection) -> None:
    closings.create(connection)


def _marks_of_messages(connection: Connection) -> None:
    messages.create(connection)


_OPERATIONS: Final = {
    "publish": "plan.publish",
    "restore": "plan.restore",
    "state": "number.state",
    "message-delete": "voicemail.delete",
    "message-fetch": "voicemail.fetch",
    "recording-delete": "recording.delete",
    "recording-export": "recording.export",
    "prompt-add": "prompt.add",
    "prompt-remove": "prompt.remove",
}
"""What the audit trail called operations before version 4, and what they are called everywhere else."""


def _audited_fields(connection: Connection) -> None:
    """Operations by their names, with their fields; the sentences of older entries stay as they are."""
    for statement in (
        "ALTER TABLE audit RENAME COLUMN verb TO operation",
        "ALTER TABLE audit RENAME COLUMN object TO subject",
        "ALTER TABLE audit ADD COLUMN fields TEXT NOT NULL DEFAULT '{}'",
        "DROP INDEX audit_object",
        "CREATE INDEX audit_subject ON audit (subject, id)",
    ):
        connection.execute(text(statement))
    for old, new in _OPERATIONS.items():
        connection.execute(update(audit).where(audit.c.operation == old).values(operation=new))


STEPS: Final[Mapping[int, Step]] = {2: _missed_calls, 3: _marks_of_messages, 4: _audited_fields}
"""Version → what turns the version before it into it. Version 1 is the first and needs none."""


def bring_up(connection: Connection, steps: Mapping[int, Step] = STEPS, to: int = SCHEMA_VERSION) -> None:
    """Make the database's schema version `to`, within the transaction of `connection`.

    Raises StoreUnusable if the database is newer than that or is not one of ours.
    """
    found = _found(connection)
    if found is None:
        METADATA.create_all(connection)
        connection.execute(insert(schema_version).values(version=to))
        return
    if found > to:
        raise StoreUnusable(
            f"the database has schema version {found} and this program knows {to}: run the newer switch400"
        )
    for version in range(found + 1, to + 1):
        steps[version](connection)
    if found < to:
        connection.execute(update(schema_version).values(version=to))


def is_current(connection: Connection) -> bool:
    """True if there is nothing to bring up; takes no write lock, so a full disk can still be read."""
    return _found(connection) == SCHEMA_VERSION


def _found(connection: Connection) -> int | None:
    """The version that the database says, None if it is empty."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if schema_version.name not in tables:
        raise StoreUnusable(
            f"the database holds other tables ({', '.join(tables[:3])}…): it is not a switch400 database"
        )
    version: int = connection.execute(select(schema_version.c.version)).scalar_one()
    return version
