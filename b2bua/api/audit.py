"""Searches the audit trail (T4)."""

import json
import re
from typing import Final

from sqlalchemy import Connection

from b2bua.api.dispatch import Asker, implements, in_thread
from b2bua.api.requests.audit import AuditFound, AuditStep, FindAudit
from b2bua.api.requests.plans import PublishPlans, RestorePlan
from b2bua.store.audit import AuditEntry, entries
from b2bua.store.store import Store
from b2bua.store.versions import documents_around
from routing.ids import Number400
from routing.number import print_400

_PUBLICATIONS: Final = (PublishPlans.NAME, RestorePlan.NAME)
_NUMBER: Final = re.compile(r"400\d{7}")


class AuditOperations:
    """Operations on the audit trail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @implements
    async def find(self, request: FindAudit, _: Asker) -> AuditFound:
        """Newest first; a publication with its document and the one before."""

        def find() -> tuple[AuditStep, ...]:
            with self._store.engine.connect() as connection:
                found = entries(connection, request.number or "", request.who, request.most)
                return tuple(_step(connection, each) for each in found)

        return AuditFound(await in_thread(find))


def _step(connection: Connection, entry: AuditEntry) -> AuditStep:
    version = entry.fields.get("version") if entry.operation in _PUBLICATIONS else None
    before, after = ("", "")
    if isinstance(version, int):
        before, after = documents_around(connection, Number400(entry.subject), version)
    return AuditStep(
        entry.at_ms,
        entry.who,
        entry.operation,
        print_400(Number400(entry.subject)) if _NUMBER.fullmatch(entry.subject) else entry.subject,
        {name: _text(value) for name, value in entry.fields.items()},
        entry.detail,
        before,
        after,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
