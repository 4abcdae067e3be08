"""Notices of records on disk: whose caller waits is woken, and nobody is woken in vain (P1)."""

import pytest

from b2bua.calls.stored_notices import StoredNotices
from b2bua.ipc.protocol import Stored
from routing.ids import CallId
from tests.support.linked_pool import LinkedPool

CALL = CallId("c-1")


@pytest.mark.req("P1")
def test_the_first_record_is_noticed_without_waking_anybody() -> None:
    """The process reads of it when it next looks; later records are nobody's concern."""
    pool = LinkedPool()
    pool.link(1, CALL)
    notices = StoredNotices(pool)
    notices.stored(CALL, 0)
    notices.stored(CALL, 1)
    notices.stored(CallId("over"), 0)
    assert (pool.sent, pool.woken) == ([("inc1", Stored(CALL, 0))], [])


@pytest.mark.req("P1")
def test_a_process_that_waits_is_woken_once() -> None:
    """Whatever the number of the record is; the next record finds it waiting no more."""
    pool = LinkedPool()
    pool.link(1, CALL)
    notices = StoredNotices(pool)
    notices.wait(CALL)
    notices.stored(CALL, 4)
    notices.stored(CALL, 5)
    assert pool.woken == pool.sent == [("inc1", Stored(CALL, 4))]


@pytest.mark.req("P1")
def test_a_call_that_is_over_waits_no_more() -> None:
    """Neither a call that ended nor one whose process is gone is kept or told anything."""
    pool = LinkedPool()
    process = pool.link(1, CALL)
    notices = StoredNotices(pool)
    notices.wait(CALL)
    notices.forget(CALL)
    notices.stored(CALL, 4)
    notices.wait(CALL)
    pool.bury(process)
    notices.stored(CALL, 5)
    assert pool.sent == []
