"""How call records are listed: as a table for people, or a line of JSON each for programs."""

from collections.abc import Iterable

from b2bua.base.serialization import PLAIN
from b2bua.cli.table import Column, show_table
from b2bua.cli.times import clock, iso
from b2bua.records.call_record import CallRecord, PlainFields
from routing.ids import Number400
from routing.number import print_400, print_number


def caller(record: CallRecord) -> str:
    """Who called, as people write it."""
    return print_number(record.caller) if record.caller else "withheld"


def minutes(length_ms: int) -> str:
    """`0:07`, `12:34`, `1:02:03`; a part of a second is cut off (rounding is the tariff's)."""
    whole, seconds = divmod(length_ms // 1000, 60)
    hours, rest = divmod(whole, 60)
    return f"{hours}:{rest:02}:{seconds:02}" if hours else f"{rest}:{seconds:02}"


def after(record: CallRecord, at_ms: int | None) -> str:
    """The time after the call's acceptance, such as `+1.250 s`; empty if `at_ms` is None."""
    return "" if at_ms is None else f"+{(at_ms - record.accepted_ms) / 1000:.3f} s"


_COLUMNS = (
    Column("ACCEPTED", lambda call: clock(call.accepted_ms)),
    Column("NUMBER", lambda call: print_400(Number400(call.number))),
    Column("CALLER", caller),
    Column("TARGET", lambda call: call.target),
    Column("TALK", lambda call: minutes(call.talk_ms), right=True),
    Column("END", lambda call: call.ending.slug if call.ending else f"({call.state.value})"),
    Column("BY", lambda call: call.hung_up_by.value if call.hung_up_by else ""),
    Column("CALL-ID", lambda call: call.call_id),
)
_MORE = (
    Column("PLACE", lambda call: call.place),
    Column("TRUNK", lambda call: call.trunk),
    Column("TRIED", lambda call: str(len(call.attempts)), right=True),
    Column("ANSWERED", lambda call: after(call, call.answered_ms), right=True),
    Column("SIP", lambda call: str(call.ending.sip) if call.ending else "", right=True),
    Column("Q.850", lambda call: str(call.ending.q850) if call.ending else "", right=True),
    Column("BLAME", lambda call: call.ending.blame.value if call.ending else ""),
    Column("PLAN", lambda call: call.plan_hash[:12]),
)


def table(records: Iterable[CallRecord], *, wide: bool) -> int:
    """Print records as a table; returns how many there were."""
    return show_table(_COLUMNS[:-1] + (_MORE if wide else ()) + _COLUMNS[-1:], records)


_LENGTHS = ("talk_ms", "recorded_ms")


def as_json(record: CallRecord) -> PlainFields:
    """The whole record for programs: canonical numbers, points in time as ISO text, lengths in milliseconds."""
    plain = _with_iso(PLAIN.unstructure(record))
    for name in ("attempts", "connected"):
        plain[name] = [_with_iso(each) for each in plain[name]]
    return plain


def _with_iso(plain: PlainFields) -> PlainFields:
    times = {key for key in plain if key.endswith("_ms") and key not in _LENGTHS}
    return {
        key.removesuffix("_ms") if key in times else key: iso(value) if key in times and value is not None else value
        for key, value in plain.items()
    }
