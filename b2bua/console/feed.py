"""The live state that every console shows: kept by the daemon in a `Feed`, by a console in a `Mirror` (pure).

Rule: whatever the sequence of changes, a Snapshot and all Deltas after it give the same state as a later
Snapshot. To hold it, a row's fields are fixed by its topic (an attrs class of `b2bua.console.rows`): a field changes,
but never comes or goes.
"""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import attrs

from b2bua.console.protocol import Changes, Delta, Row, Snapshot, State


def plain(row: Any) -> Row:
    """The fields of an attrs row as plain values, tuples as lists, as they come out of msgpack."""
    return {field.name: _plain(getattr(row, field.name)) for field in attrs.fields(type(row))}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, str) else value


class Feed:
    """The daemon's side: rows by topic and key, and what changed since the last `cut`.

    `rings` names topics whose rows are a history: `note` adds the newest and drops what is beyond that many
    rows.
    """

    def __init__(self, rings: dict[str, int] | None = None) -> None:
        self.seq = 0
        self._state: State = {}
        self._pending: Changes = {}
        self._unmade: dict[tuple[str, str], Callable[[], Any]] = {}
        self._rings = dict(rings or {})
        self._serial = count(1)

    def later(self, topic: str, key: str, make: Callable[[], Any]) -> None:
        """This row has changed; it is made when somebody looks, once for all the changes until then."""
        self._unmade[topic, key] = make

    def change(self, topic: str, key: str, row: Any | None) -> None:
        """This row now stands so; None: it is gone. Says nothing if nothing changed."""
        self._unmade.pop((topic, key), None)
        rows = self._state.setdefault(topic, {})
        pending = self._pending.setdefault(topic, {})
        if row is None:
            if rows.pop(key, None) is not None:
                pending[key] = None
            return
        new = plain(row)
        old = rows.get(key)
        changed = new if old is None else {name: value for name, value in new.items() if old[name] != value}
        if changed:
            rows[key] = new
            pending[key] = {**(pending.get(key) or {}), **changed}

    def note(self, topic: str, row: Any) -> None:
        """Add a row to a ring; its key is a serial number whose text sorts by age."""
        self.change(topic, f"{next(self._serial):012d}", row)
        rows = self._state[topic]
        while len(rows) > self._rings[topic]:
            self.change(topic, next(iter(rows)), None)

    def _make(self) -> None:
        unmade, self._unmade = self._unmade, {}
        for (topic, key), make in unmade.items():
            self.change(topic, key, make())

    def cut(self) -> Delta:
        """What changed since the last cut, with the next `seq`; its changes may be empty."""
        self._make()
        changes = {topic: rows for topic, rows in self._pending.items() if rows}
        self._pending = {}
        if changes:
            self.seq += 1
        return Delta(self.seq, changes)

    def snapshot(self, topics: Iterable[str]) -> Snapshot:
        """These topics as they stand now.

        What is not cut yet is in it and comes once more, which does no harm.
        """
        self._make()
        return Snapshot(
            self.seq,
            {topic: {key: dict(row) for key, row in self._state.get(topic, {}).items()} for topic in topics},
        )


def within(delta: Delta, topics: frozenset[str]) -> Delta:
    """The part of a delta that a console with these topics is sent."""
    return Delta(delta.seq, {topic: rows for topic, rows in delta.changes.items() if topic in topics})


class Gap(Exception):
    """A delta does not follow what this mirror holds: subscribe anew."""


class Mirror:
    """A console's side: what the daemon last said, kept up to date by deltas."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.state: State = {}

    def rows(self, topic: str) -> dict[str, Row]:
        """The rows of one topic by key."""
        return self.state.get(topic, {})

    def replace(self, snapshot: Snapshot) -> None:
        """Forget everything and hold this."""
        self.seq, self.state = snapshot.seq, snapshot.state

    def apply(self, delta: Delta) -> None:
        """Take a delta in; raises Gap, and changes nothing, if one before it is missing."""
        if self.seq is None or delta.seq != self.seq + 1:
            raise Gap(f"delta {delta.seq} does not follow {self.seq}")
        self.seq = delta.seq
        for topic, changed in delta.changes.items():
            rows = self.state.setdefault(topic, {})
            for key, fields in changed.items():
                if fields is None:
                    rows.pop(key, None)
                else:
                    rows.setdefault(key, {}).update(fields)
