"""The live state that every console shows: the daemon has it in a `Feed`, a console in a `Mirror` (pure).

Rule: for any sequence of changes, a Snapshot and all Deltas after it give the same state as a later Snapshot. For this,
a row's fields are fixed by its topic (an attrs class of `b2bua.console.rows`): a field changes, but none is added or
removed.
"""

from collections.abc import Callable, Iterable
from itertools import count

import attrs

from b2bua.console.protocol import Changes, Delta, Row, Snapshot, State


def plain(row: attrs.AttrsInstance) -> Row:
    """The fields of an attrs row as plain values, tuples as lists, as they come out of msgpack."""
    return {field.name: _plain(getattr(row, field.name)) for field in attrs.fields(type(row))}


def _plain(value: object) -> object:
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
        self._deferred: dict[tuple[str, str], Callable[[], attrs.AttrsInstance | None]] = {}
        self._rings = dict(rings or {})
        self._serial = count(1)

    def change_later(self, topic: str, key: str, make: Callable[[], attrs.AttrsInstance | None]) -> None:
        """This row has changed; `make` is called at the next cut or snapshot, once for all the changes until then."""
        self._deferred[topic, key] = make

    def change(self, topic: str, key: str, row: attrs.AttrsInstance | None) -> None:
        """Set a row; None removes it. Only fields that differ go into the next delta."""
        self._deferred.pop((topic, key), None)
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

    def note(self, topic: str, row: attrs.AttrsInstance) -> None:
        """Add a row to a ring; its key is a serial number, so that keys sort by age."""
        self.change(topic, f"{next(self._serial):012d}", row)
        rows = self._state[topic]
        while len(rows) > self._rings[topic]:
            self.change(topic, next(iter(rows)), None)

    def _make(self) -> None:
        deferred, self._deferred = self._deferred, {}
        for (topic, key), make in deferred.items():
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
        """These topics now.

        It includes changes that are not cut yet; the next delta repeats them, with the same values.
        """
        self._make()
        return Snapshot(
            self.seq,
            {topic: {key: dict(row) for key, row in self._state.get(topic, {}).items()} for topic in topics},
        )


def within(delta: Delta, topics: frozenset[str]) -> Delta:
    """The part of a delta that is in these topics."""
    return Delta(delta.seq, {topic: rows for topic, rows in delta.changes.items() if topic in topics})


class Gap(Exception):
    """A delta does not follow the state of this mirror: the console must subscribe again."""


class Mirror:
    """A console's side: the state from the last snapshot, kept up to date by deltas."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.state: State = {}

    def rows(self, topic: str) -> dict[str, Row]:
        """The rows of one topic by key."""
        return self.state.get(topic, {})

    def replace(self, snapshot: Snapshot) -> None:
        """Replace the whole state."""
        self.seq, self.state = snapshot.seq, snapshot.state

    def apply(self, delta: Delta) -> None:
        """Apply a delta. Raises Gap, and changes nothing, if one before it is missing."""
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
