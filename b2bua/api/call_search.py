"""Searching the store for calls over the control protocol, and a call found as a row of the console's tables.

Rule: numbers are understood as people write them and printed so; a row is that of a live call with what is known only
afterwards.
"""

from typing import Any, Final

from b2bua.api.verbs import Refusal
from b2bua.console.feed import plain
from b2bua.monitoring.feed_publisher import row_of
from b2bua.records.call_record import CallRecord
from b2bua.store.missed import Closing
from b2bua.store.query import Query, caller_pattern
from routing.cause import Blame
from routing.number import NumberFault, parse_400

MOST: Final = 10_000
"""Rows in one answer; a longer search is to be narrowed."""


def query_of(args: dict[str, Any], *, missed: bool = False) -> Query:
    """The search that a verb's arguments say, for one more than its `most` (1–`MOST`, else 200). Raises Refusal."""
    most = args.get("most", 200)
    if not isinstance(most, int) or not 1 <= most <= MOST:
        raise Refusal(f"most is a number of calls from 1 to {MOST}, not {most!r}")
    times = [args.get("from_ms"), args.get("to_ms")]
    if not all(time is None or isinstance(time, int) for time in times):
        raise Refusal("from_ms and to_ms are UTC epoch milliseconds")
    try:
        return Query(
            number=parse_400(str(args["number"])) if args.get("number") else "",
            caller=caller_pattern(str(args.get("caller", ""))),
            target=str(args.get("target", "")),
            slug=str(args.get("cause", "")),
            blame=Blame(args["blame"]) if args.get("blame") else None,
            plan_hash=str(args.get("plan_hash", "")),
            since_ms=times[0],
            until_ms=times[1],
            missed=missed,
            limit=most + 1,
        )
    except NumberFault as fault:
        raise Refusal(str(fault)) from fault
    except ValueError as fault:
        raise Refusal(f"blame is one of {', '.join(Blame)}, not {args['blame']!r}") from fault


def answer(rows: list[dict[str, Any]], query: Query) -> dict[str, Any]:
    """Rows found by a search of `query_of`, without the one too many that says that there are more."""
    most = (query.limit or MOST) - 1
    return {"rows": rows[:most], "more": len(rows) > most}


def found_row(record: CallRecord, *, missed: bool, closing: Closing | None) -> dict[str, Any]:
    """The row of `record.find` and `missed.list`, as `b2bua.api.verbs` describes it."""
    return plain(row_of(record)) | {
        "call_id": record.call_id,
        "talk_ms": record.talk_ms,
        "hung_up_by": record.hung_up_by or "",
        "missed": missed,
        "closed": closing.who if closing else "",
        "closed_ms": closing.at_ms if closing else None,
        "closed_note": closing.note if closing else "",
        "closed_call": closing.later if closing else "",
    }
