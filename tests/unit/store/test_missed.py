"""Missed calls: which are listed, what closes them, and that nothing closes them twice."""

from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, inspect

from b2bua.base.errors import Conflict, NotFound
from b2bua.records.call_record import CallRecord
from b2bua.store.audit import AuditEntry, entries
from b2bua.store.database import open_database, writing
from b2bua.store.missed import Closing
from b2bua.store.query import Query
from b2bua.store.store import Store
from routing.cause import ALL_LINES_BUSY, AREA_REFUSED, CALLER_CANCELLED, NO_ANSWER, NOT_ALLOWED, Cause
from routing.ids import CallId
from tests.support.samples import ARRIVED_MS, ended_record, ending, open_record, talking_record


def missed_record(call_id: str, cause: Cause = NO_ANSWER, **given: Any) -> CallRecord:
    """A call that rang at the desk, where nobody took it."""
    over = ended_record(call_id)
    fields: dict[str, Any] = {"answered_ms": None, "target": "", "talk_ms": 0, "ending": ending(cause)}
    return attrs.evolve(over, attempts=over.attempts[:1], **(fields | given))


def waiting(store: Store, **query: Any) -> list[str]:
    """The calls that wait to be called back."""
    return [each.record.call_id for each in store.missed.find(Query(**query))]


@pytest.mark.req("P4")
def test_who_is_to_be_called_back(store: Store) -> None:
    """Listed: callers who gave up, met nobody or left a message; not: those up, those who talked, those refused."""
    store.records.put(
        [
            missed_record("gave-up", CALLER_CANCELLED, caller="01"),
            missed_record("busy", ALL_LINES_BUSY, caller="02"),
            missed_record("message", answered_ms=ARRIVED_MS + 5, caller="03"),
            missed_record("black-listed", NOT_ALLOWED, caller="04"),
            missed_record("far-away", AREA_REFUSED, caller="05"),
            ended_record("talked", caller="06"),
            open_record("ringing", caller="07"),
        ]
    )
    assert sorted(waiting(store)) == ["busy", "gave-up", "message"]
    assert waiting(store, caller="02") == ["busy"]
    assert {record.call_id for record in store.records.find(Query(missed=True))} == {"busy", "gave-up", "message"}


@pytest.mark.req("P4")
def test_a_later_call_that_talks_closes_it(store: Store) -> None:
    """The same caller, the same number, later and talking: nothing less closes a missed call, in whatever order."""
    later = ARRIVED_MS + 60_000
    store.records.put(
        [
            talking_record("back", accepted_ms=later),
            missed_record("again", accepted_ms=ARRIVED_MS + 30_000),
            missed_record("first"),
            missed_record("too-late", accepted_ms=later + 1),
            missed_record("another", caller="13900000000"),
            missed_record("elsewhere", number="4008001111"),
            missed_record("withheld", caller=""),
            talking_record("withheld-too", accepted_ms=later, caller=""),
        ]
    )
    assert sorted(waiting(store)) == ["another", "elsewhere", "too-late", "withheld"]
    (first,) = [each for each in store.missed.find(Query(), waiting=False) if each.record.call_id == "first"]
    assert first.closing == Closing(later, "mobile", later="back")
    assert store.missed.of([CallId("first"), CallId("back"), CallId("too-late")]) == {
        "first": first.closing,
        "too-late": None,
    }


@pytest.mark.req("P4", "T4")
def test_closed_by_hand_once_and_in_the_audit_trail(store: Store) -> None:
    """Who closed it, when and what they did is kept; a second time is refused with the first one's words."""
    store.records.put([missed_record("c-1"), ended_record("c-2")])
    store.missed.close(CallId("c-1"), "wang", "rang back, wants a quote", 5)
    assert waiting(store) == []
    assert store.missed.of([CallId("c-1")]) == {"c-1": Closing(5, "wang", "rang back, wants a quote")}
    with store.engine.connect() as connection:
        (entry,) = entries(connection)
    assert (entry.who, entry.operation, entry.subject) == ("wang", "missed.close", "4006001234")
    assert entry.fields == {"call_id": "c-1", "note": "rang back, wants a quote"}
    with pytest.raises(Conflict, match="by wang: rang back"):
        store.missed.close(CallId("c-1"), "li", "me too", 6)
    for no_missed_call in ("c-2", "c-3"):
        with pytest.raises(NotFound, match="is no missed call"):
            store.missed.close(CallId(no_missed_call), "li", "?", 6)
    with store.engine.connect() as connection:
        assert len(entries(connection)) == 1


calls = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from(["talk", "miss"])), max_size=9)


@pytest.mark.req("P4")
@settings(max_examples=30)
@given(calls, st.randoms())
def test_what_waits_is_what_a_clerk_would_keep(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[str, str, str]], order: Any
) -> None:
    """For any calls, stored in any order: exactly those wait that no later talk of the same pair came after."""
    open_pairs: dict[tuple[str, str], list[str]] = {}
    every = []
    for n, (caller, number, how) in enumerate(calls):
        fields: dict[str, Any] = {"caller": caller, "number": number, "accepted_ms": ARRIVED_MS + n}
        if how == "talk":
            open_pairs[caller, number] = []
            every.append(ended_record(f"c{n}", **fields))
        else:
            open_pairs.setdefault((caller, number), []).append(f"c{n}")
            every.append(missed_record(f"c{n}", **fields))
    order.shuffle(every)
    folder = tmp_path_factory.mktemp("missed")
    store = Store.open(folder / "switch400.db", folder)
    try:
        store.records.put(every)
        assert sorted(waiting(store)) == sorted(call for kept in open_pairs.values() for call in kept)
    finally:
        store.close()


def test_the_list_walks_no_table(store: Store) -> None:
    """Among millions of answered calls those that talked to nobody are found by an index, and a caller's by theirs."""
    asked: list[tuple[str, Any]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    store.missed.find(Query())
    (found,) = [each for each in asked if each[0].startswith("SELECT")]
    with store.engine.connect() as connection:
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {found[0]}", found[1])]
    assert "SEARCH records USING INDEX records_target (target=?)" in steps
    assert any("USING INDEX records_caller (caller=? AND accepted_ms>?)" in step for step in steps)
    assert not any("SCAN" in step for step in steps)


def test_a_database_from_before_is_brought_forward(store: Store) -> None:
    """One of schema version 1 keeps its records and its audit trail, and learns of missed calls."""
    store.records.put([missed_record("c-1")])
    with writing(store.engine) as connection:
        for later in ("closings", "messages"):
            connection.exec_driver_sql(f"DROP TABLE {later}")
        connection.exec_driver_sql("DROP TABLE audit")
        connection.exec_driver_sql(
            "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms BIGINT NOT NULL, who TEXT NOT NULL,"
            " verb TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL)"
        )
        connection.exec_driver_sql("CREATE INDEX audit_object ON audit (object, id)")
        connection.exec_driver_sql(
            "INSERT INTO audit VALUES (1, 5, 'li', 'publish', '4006001234', 'version 1, plan ab')"
        )
        connection.exec_driver_sql("UPDATE schema_version SET version = 1")
    file = store.engine.url.database
    assert file is not None
    again = Store(open_database(Path(file)), Path(file).parent)
    assert waiting(again) == ["c-1"]
    assert "closings" in inspect(again.engine).get_table_names()
    again.note(AuditEntry(6, "wang", "trunk.set", "telecom", {"service": "out"}))
    with again.engine.connect() as connection:
        assert entries(connection) == (
            AuditEntry(6, "wang", "trunk.set", "telecom", {"service": "out"}),
            AuditEntry(5, "li", "plan.publish", "4006001234", {}, "version 1, plan ab"),
        )
    again.close()
