"""The audit trail: who did what, when, with the fields of what was asked (T4).

Rule: an entry is written in the transaction of its change, so that there is never one without the other; of what is
done outside the database it is written before. Secrets are not written. The word is the operation's name, nothing else.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import attrs
from sqlalchemy import Connection, insert, select

from b2bua.store.schema import audit

Fields = Mapping[str, str | int | bool | Sequence[str] | None]
"""Fields of an operation, as JSON has them."""


@attrs.frozen
class AuditEntry:
    """One change.

    `at_ms` is UTC epoch milliseconds; `operation` a name such as `plan.publish`; `subject` the 400 number, trunk,
    gateway or person that was changed. `fields` are those of the request, or what names them: a document is named by
    its `version`. `detail` is the sentence that releases before schema version 4 wrote in their place.
    """

    at_ms: int
    who: str
    operation: str
    subject: str
    fields: Fields = attrs.field(factory=dict)
    detail: str = ""


_COLUMNS: Final = (audit.c.at_ms, audit.c.who, audit.c.operation, audit.c.subject, audit.c.fields, audit.c.detail)


def note(connection: Connection, entry: AuditEntry) -> None:
    """Write an entry within the transaction of its change."""
    fields = json.dumps(dict(entry.fields), ensure_ascii=False, sort_keys=True)
    connection.execute(insert(audit).values(**attrs.asdict(entry) | {"fields": fields}))


def entries(connection: Connection, subject: str = "", who: str = "", limit: int = 100) -> tuple[AuditEntry, ...]:
    """What was done, newest first; to one subject, or by one person, if given; at most `limit` entries (≥ 1)."""
    statement = select(*_COLUMNS).order_by(audit.c.id.desc()).limit(limit)
    if subject:
        statement = statement.where(audit.c.subject == subject)
    if who:
        statement = statement.where(audit.c.who == who)
    return tuple(
        AuditEntry(at_ms, by, operation, to, json.loads(fields), detail)
        for at_ms, by, operation, to, fields, detail in connection.execute(statement)
    )
