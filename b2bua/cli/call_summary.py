"""One call as lines of text: its times, its attempts, and why it went where it went."""

from collections.abc import Iterator

from b2bua.cli.cdr_print import after, caller, minutes
from b2bua.cli.table import printable
from b2bua.cli.times import clock
from b2bua.records.call_record import Attempt, CallRecord, Ending, PlainFields
from routing.ids import Number400
from routing.number import print_400, print_number


def summary_lines(record: CallRecord) -> Iterator[str]:
    """The call as lines without control characters."""
    for part in (_times(record), _attempts(record), _decisions(record)):
        yield from map(printable, part)


def _times(record: CallRecord) -> Iterator[str]:
    number = print_400(Number400(record.number))
    who = " ".join(filter(None, (caller(record), record.place)))
    yield f"Call {record.call_id} by trunk {record.trunk}, SIP Call-ID {record.sip_call_id}"
    yield f"{who} called {number} at {clock(record.accepted_ms)}"
    if record.rang_ms is not None:
        yield f"  {after(record, record.rang_ms)}  rang"
    if record.answered_ms is not None:
        by = f" by {record.target}" if record.target else ""
        yield f"  {after(record, record.answered_ms)}  answered{by}"
    if record.ended_ms is None:
        yield f"  has not ended: {record.state.value}"
        return
    by = f" by the {record.hung_up_by.value}" if record.hung_up_by else ""
    yield f"  {after(record, record.ended_ms)}  ended{by}: {_cause(record.ending)}"
    recorded = f", recorded {minutes(record.recorded_ms)}" if record.recorded_ms else ""
    yield f"  talked {minutes(record.talk_ms)}{recorded}"
    if record.message_s:
        yield f"  left a message of {record.message_s} s"


def _attempts(record: CallRecord) -> Iterator[str]:
    yield f"Attempts: {len(record.attempts) or 'none'}"
    for attempt in record.attempts:
        yield f"  {after(record, attempt.began_ms)}  {_attempt(record, attempt)}"


def _attempt(record: CallRecord, attempt: Attempt) -> str:
    parts = [f"{attempt.target} ({print_number(attempt.address)})"]
    if attempt.rang_ms is not None:
        parts.append(f"rang at {after(record, attempt.rang_ms)}")
    if attempt.answered_ms is not None:
        parts.append(f"answered at {after(record, attempt.answered_ms)}")
    if attempt.ended_ms is not None:
        parts.append(f"ended at {after(record, attempt.ended_ms)}: {_cause(attempt.ending)}")
    return ", ".join(parts)


def _cause(ending: Ending | None) -> str:
    if ending is None:
        return "cause unknown"
    return f"{ending.slug} (SIP {ending.sip}, Q.850 {ending.q850}, blame {ending.blame.value})"


def _decisions(record: CallRecord) -> Iterator[str]:
    yield f"Decided by plan {record.plan_hash}"
    for step in record.trace:
        yield from _step(step)
    for name, seen in record.evidence.items():
        yield f"  {name}: {seen}"


def _step(step: PlainFields) -> Iterator[str]:
    """One decision, as `routing.trace.to_plain` gives it."""
    looked_at = ", ".join(f"{what} {seen}" for what, seen in step["looked_at"].items())
    because = f" ({looked_at})" if looked_at else ""
    yield f"  +{step['at_s']:.3f} s  {step['kind']} {step['node']} chose {step['chose']}{because}"
    for branch, why in step["passed_over"]:
        yield f"      not {branch}: {why}"
