"""What a number has used this month: counted from the records and from then on in memory."""

from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from b2bua.admission.usage import MonthUsage
from b2bua.store.database import open_database
from b2bua.store.records import Records
from routing.ids import Number400
from tests.support.samples import open_record

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
