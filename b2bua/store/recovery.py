"""What a new daemon makes of what an earlier one left behind.

Rule: first the words of processes that ended without a daemon are taken in; then, once every living process
has had time to say `Hello`, calls that nobody claims are closed at their last sign of life. Nothing answered
is ever without a record, and no record stays open for ever. Both steps may be repeated at any time.
"""

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Final

import attrs

from b2bua.ipc.spool import Broken, move_aside, waiting
from b2bua.records.call_record import CallRecord, Ending
from b2bua.store.records import Records
from routing.cause import DAEMON_LOST
from routing.ids import CallId

LOST: Final = Ending(DAEMON_LOST.slug, DAEMON_LOST.q850, DAEMON_LOST.sip, DAEMON_LOST.blame)

_log = logging.getLogger(__name__)


@attrs.frozen
class TakenIn:
    """What the spool folder held that was news: records now stored, files moved aside."""

    stored: tuple[CallRecord, ...]
    broken: tuple[Broken, ...]


def take_in(folder: Path, records: Records) -> TakenIn:
    """Store every record of the spool folder, then delete its file.

    Files that are broken are moved aside and logged.
    Raises OSError or the database's error if a good record cannot be stored; its file then stays.
    """
    stored: list[CallRecord] = []
    broken: list[Broken] = []
    for found in waiting(folder):
        if isinstance(found, Broken):
            broken.append(found)
            continue
        file, record = found
        try:
            news = records.get(CallId(record.call_id)) != record  # a process that ends may only not have been told
            records.put([record])
        except (ValueError, TypeError, OverflowError) as error:
            broken.append(move_aside(file, f"{type(error).__name__}: {error}"))
            continue
        file.unlink()
        if news:
            stored.append(record)
    for each in broken:
        _log.error("a spooled record cannot be read (%s); it was moved to %s", each.problem, each.file)
    return TakenIn(tuple(stored), tuple(broken))


def adopt(records: Records, living: Collection[CallId], ending: Ending = LOST) -> tuple[CallRecord, ...]:
    """Close every open call that is not among the living, at its last sign of life; returns those closed.

    A living call's record stays as it is: its process sends the whole of it again.
    """
    closed: list[CallRecord] = []
    for call in records.open_calls():
        call_id = CallId(call.record.call_id)
        if call_id in living:
            continue
        record = records.close_lost(call_id, call.last_seen_ms, ending)
        if record is not None:
            closed.append(record)
    return tuple(closed)
