"""The states of voicemail messages in the database."""

import pytest

from b2bua.store.audit import AuditEntry, entries
from b2bua.store.mailboxes import Mark
from b2bua.store.store import Store
from routing.ids import CallId, Number400

NUMBER = Number400("4006001234")
ONE, OTHER = CallId("c-1"), CallId("c-2")


@pytest.mark.req("M4")
def test_a_message_from_its_first_sight_to_its_deletion(store: Store) -> None:
    """Added once however often it is found, tried, notified, read, new again, deleted with an audit entry."""
    boxes = store.mailboxes
    boxes.add([(ONE, NUMBER), (OTHER, NUMBER)])
    boxes.set_next_try(ONE, 5_000, 2)
    boxes.add([(ONE, NUMBER)])
    assert boxes.marks()[ONE] == Mark(ONE, NUMBER, next_try_ms=5_000, tries=2)
    boxes.set_notified(ONE, 6_000)
    boxes.mark([(ONE, NUMBER)], "wang", 7_000, read=True)
    assert boxes.marks()[ONE] == Mark(ONE, NUMBER, 7_000, "wang", 6_000, 5_000, 2)
    boxes.mark([(ONE, NUMBER)], "wang", 8_000, read=False)
    assert boxes.marks()[ONE] == Mark(ONE, NUMBER, None, "", 6_000, 5_000, 2)
    boxes.forget([OTHER])
    assert boxes.marks().keys() == {ONE}
    boxes.delete(ONE, AuditEntry(9_000, "wang", "voicemail.delete", NUMBER, {"call_id": ONE}))
    assert boxes.marks() == {}
    with store.engine.connect() as connection:
        assert [entry.operation for entry in entries(connection, NUMBER)] == [
            "voicemail.delete",
            *["voicemail.mark"] * 2,
        ]


@pytest.mark.req("M4")
def test_a_message_is_read_before_the_job_has_seen_it(store: Store) -> None:
    """Somebody may read a message in its first seconds: that is its first row, and it is not notified after that."""
    store.mailboxes.mark([(ONE, NUMBER)], "wang", 1, read=True)
    assert store.mailboxes.marks()[ONE].read_by == "wang"
