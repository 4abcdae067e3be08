"""A call's record ↔ its row.

Rule: the blob holds the whole record and is all that is read back; the other columns are for searching and are made
from the record, so that they cannot contradict it.
"""

import zlib
from typing import Final

from b2bua.base.serialization import pack, tagged, unpack
from b2bua.records.call_record import CallRecord
from b2bua.records.closing import latest_known_ms

_LEVEL: Final = 1
"""zlib level. Events and traces repeat their keys: the fastest level leaves a third, higher ones hardly less
(measured)."""

_converter = tagged()


def to_row(record: CallRecord, *, presumed: bool = False) -> dict[str, str | int | bytes | None]:
    """The columns of `schema.records`.

    Raises ValueError, TypeError or OverflowError for what no row can hold.
    """
    ending = record.ending
    return {
        "call_id": record.call_id,
        "seq": record.seq,
        "number": record.number,
        "caller": record.caller,
        "area": record.area,
        "trunk": record.trunk,
        "target": record.target,
        "plan_hash": record.plan_hash,
        "state": record.state.value,
        "accepted_ms": record.accepted_ms,
        "answered_ms": record.answered_ms,
        "ended_ms": record.ended_ms,
        "talk_ms": record.talk_ms,
        "slug": ending.slug if ending else None,
        "sip": ending.sip if ending else None,
        "q850": ending.q850 if ending else None,
        "blame": ending.blame.value if ending else None,
        "hung_up_by": record.hung_up_by.value if record.hung_up_by else None,
        "last_seen_ms": latest_known_ms(record),
        "presumed": presumed,
        "record": zlib.compress(pack(_converter.unstructure(record)), _LEVEL),
    }


def from_blob(blob: bytes) -> CallRecord:
    """The record as it was put. Raises ValueError for bytes that are not one."""
    try:
        return _converter.structure(unpack(zlib.decompress(blob)), CallRecord)
    except zlib.error as error:
        raise ValueError(f"a record's blob cannot be unpacked: {error}") from error
