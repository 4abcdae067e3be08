"""attrs values through msgpack and back."""

from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from b2bua.base.serialization import pack, tagged, unpack


@attrs.frozen
class One:
    """A member of the union."""

    at: datetime
    plain: dict[str, Any]  # Any: plain fields may hold any plain value; that is what is tested
    rows: tuple[dict[str, Any], ...] = ()  # Any: the same


@attrs.frozen
class Other:
    """Another member, with the same field."""

    at: datetime


def test_members_of_a_union_are_told_apart() -> None:
    """A value comes back as the class that it was, with the zone of its times and plain fields untouched."""
    converter = tagged(One | Other)
    at = datetime(2026, 1, 5, 14, tzinfo=timezone(timedelta(hours=8)))
    for value in (One(at, {"a": [1, None]}, ({"b": 2},)), Other(at)):
        packed = pack(converter.unstructure(value, One | Other))
        back = converter.structure(unpack(packed), One | Other)  # type: ignore[arg-type] # cattrs types no unions
        assert back == value
        assert back.at.utcoffset() == timedelta(hours=8)


def test_malformed_bytes() -> None:
    """What is no msgpack is a ValueError, whatever it is."""
    for malformed in (b"", b"\xc1", b"\x92\x01"):
        with pytest.raises(ValueError):  # noqa: PT011 - the text is msgpack's own
            unpack(malformed)
