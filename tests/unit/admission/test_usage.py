"""What a number has used this month: counted from the records and from then on in memory."""

from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from b2bua.admission.usage import MonthUsage
from b2bua.records.call_record import CallRecord, Ending
from b2bua.store.database import open_database
from b2bua.store.records import Records
from routing.cause import REFUSED, Blame
from routing.ids import Number400
from tests.support.samples import ended_record, open_record

NUMBER = Number400("4006001234")


def ms(text: str) -> int:
    """UTC epoch milliseconds of an ISO moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.req("O6")
def test_a_month_begins_at_midnight_in_shanghai(tmp_path: Path) -> None:
    """Of four calls around the turn of the month those since 1 March 00:00 +08:00 count; April begins at 0."""
    records = Records(open_database(tmp_path / "s.db"))
    moments = ["2026-02-28T15:59:59", "2026-02-28T16:00:00", "2026-03-05T12:00:00", "2026-01-15T00:00:00"]
    records.put([attrs.evolve(open_record(f"c-{n}"), accepted_ms=ms(moment)) for n, moment in enumerate(moments)])
    usage = MonthUsage()
    usage.load(records, ms("2026-03-10T00:00:00"))
    assert usage.count(NUMBER, ms("2026-03-10T00:00:01")).calls == 2
    assert usage.count(NUMBER, ms("2026-03-31T15:59:59")).calls == 3
    assert usage.count(NUMBER, ms("2026-03-31T16:00:00")).calls == 0
    assert usage.count(NUMBER, ms("2026-03-31T16:00:01")).calls == 1
    assert usage.count(Number400("4009999999"), ms("2026-03-31T16:00:01")).calls == 0


def _ended(call_id: str, accepted_ms: int, slug: str) -> CallRecord:
    return ended_record(call_id, accepted_ms=accepted_ms, ending=Ending(slug, 16, 486, Blame.CLIENT))


@pytest.mark.req("O6")
def test_refused_callers_do_not_use_up_the_cap(tmp_path: Path) -> None:
    """A call that its plan refused counts no more once it is over, in memory and after a restart; others do.

    One that began in an earlier month changes nothing.
    """
    records = Records(open_database(tmp_path / "s.db"))
    at_ms = ms("2026-03-10T00:00:00")
    usage = MonthUsage()
    usage.load(records, at_ms)
    slugs = ["normal", *sorted(REFUSED), "caller-cancelled"]
    ended = [
        ended_record(f"c-{n}", accepted_ms=at_ms, ending=Ending(slug, 16, 486, Blame.CLIENT))
        for n, slug in enumerate(slugs)
    ]
    for _ in ended:
        usage.count(NUMBER, at_ms)
    for record in ended:
        usage.ended(record)
    usage.ended(
        ended_record("old", accepted_ms=ms("2026-02-10T00:00:00"), ending=Ending("not-allowed", 55, 403, Blame.CLIENT))
    )
    assert usage.count(NUMBER, at_ms).calls == 2
    records.put([*ended, open_record("c-open", accepted_ms=at_ms)])
    again = MonthUsage()
    again.load(records, at_ms)
    assert again.count(NUMBER, at_ms).calls == 3
