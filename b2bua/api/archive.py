"""What people ask about the past over the control protocol: how calls went, and who changed what (`b2bua.api.verbs`).

Rule: counting and searching is the database's; here it is asked in a thread and told in the verbs' words.
"""

import re
from typing import Any, Final

import attrs
import trio
from sqlalchemy import Connection

from b2bua.api.verbs import Operator, Refusal, Verb, wanted
from b2bua.store.audit import AuditEntry, entries
from b2bua.store.reports import calls_by
from b2bua.store.store import Store
from b2bua.store.versions import documents_around
from routing.ids import Number400
from routing.number import NumberFault, parse_400, print_400

Args = dict[str, Any]
_VERSION: Final = re.compile(r"version (\d+),")
"""How the detail of a publication begins (`b2bua.store.publication`)."""
_IS_NUMBER: Final = re.compile(r"400\d{7}")


class Archive:
    """Verbs about reports and the audit trail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def verbs(self) -> dict[str, Verb]:
        """These verbs."""
        return {
            "report.calls": self._calls,
            "audit.find": self._audit,
        }

    async def _calls(self, args: Args, _: Operator) -> Any:
        number, by = _number(args), wanted(args, "by", str, "day")
        period = (wanted(args, "from_ms", int), wanted(args, "to_ms", int))
        try:
            counts = await trio.to_thread.run_sync(calls_by, self._store.engine, by, number, *period)
        except ValueError as error:
            raise Refusal(str(error)) from error
        return {"rows": [attrs.asdict(count) for count in counts]}

    async def _audit(self, args: Args, _: Operator) -> Any:
        subject = _number(args) or ""
        who, most = wanted(args, "who", str, ""), wanted(args, "most", int, 100)

        def read() -> list[dict[str, Any]]:
            with self._store.engine.connect() as connection:
                return [_told(connection, entry) for entry in entries(connection, subject, who, most)]

        return {"rows": await trio.to_thread.run_sync(read)}


def _told(connection: Connection, entry: AuditEntry) -> dict[str, Any]:
    """An entry of the audit trail; of a published plan with its text before and after."""
    published = _VERSION.match(entry.detail) if entry.verb in ("publish", "restore") else None
    before, after = ("", "")
    if published:
        before, after = documents_around(connection, Number400(entry.subject), int(published[1]))
    return {
        "at_ms": entry.at_ms,
        "who": entry.who,
        "deed": entry.verb,
        "subject": print_400(Number400(entry.subject)) if _IS_NUMBER.fullmatch(entry.subject) else entry.subject,
        "note": entry.detail,
        "before": before,
        "after": after,
    }


def _number(args: Args) -> Number400 | None:
    if not args.get("number"):
        return None
    try:
        return parse_400(str(args["number"]))
    except NumberFault as fault:
        raise Refusal(str(fault)) from fault
