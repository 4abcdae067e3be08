"""Who did what, and when.

Rule: an entry is written in the transaction of the deed, so that there is never one without the other.
"""

import attrs
from sqlalchemy import Connection, insert, select

from b2bua.store.schema import audit


@attrs.frozen
class AuditEntry:
    """One deed: `verb` such as `publish`, `restore`, `suspend`; `subject` is the number it was done to."""

    at_ms: int
    who: str
    verb: str
    subject: str
    detail: str


def note(connection: Connection, entry: AuditEntry) -> None:
    """Write an entry within the transaction of its deed."""
    connection.execute(
        insert(audit).values(
            at_ms=entry.at_ms, who=entry.who, verb=entry.verb, object=entry.subject, detail=entry.detail
        )
    )


def entries(connection: Connection, subject: str = "", who: str = "", limit: int = 100) -> tuple[AuditEntry, ...]:
    """What was done, newest first; to one number, or by one person, if given; at most `limit` entries (≥ 1)."""
    columns = (audit.c.at_ms, audit.c.who, audit.c.verb, audit.c.object, audit.c.detail)
    statement = select(*columns).order_by(audit.c.id.desc()).limit(limit)
    if subject:
        statement = statement.where(audit.c.object == subject)
    if who:
        statement = statement.where(audit.c.who == who)
    return tuple(AuditEntry(*row) for row in connection.execute(statement))
