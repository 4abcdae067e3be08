"""attrs values ↔ msgpack, for records in the database and messages between processes of this switch.

Rule: a member of a union is written with its class name under `_type`, so that a reader can refuse a class that it does
not know.
"""

from datetime import datetime
from typing import Any

import msgpack
from cattrs import Converter
from cattrs.preconf.msgpack import make_converter
from cattrs.strategies import configure_tagged_union

from routing.command import Command
from routing.event import Event


def tagged(*unions: object) -> Converter:
    """A converter between attrs values and msgpack's plain types that can tell the members of these unions apart."""
    converter = make_converter()
    # msgpack's own timestamps lose the zone, and the hour in the plan's zone is what decides.
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    # Traces, facts, events and plans are plain already; walking through them again is most of the work.
    converter.register_unstructure_hook_func(_is_plain, lambda plain: plain)
    converter.register_structure_hook_func(_is_plain, lambda plain, _: plain)
    converter.register_unstructure_hook_func(_is_row_of_plain, lambda plain: plain)
    converter.register_structure_hook_func(_is_row_of_plain, lambda plain, _: tuple(plain))
    for union in unions:
        configure_tagged_union(union, converter)
    return converter


# Any: the annotation of plain fields is compared, no value.
def _is_plain(kind: object) -> bool:
    return bool(kind == dict[str, Any])


def _is_row_of_plain(kind: object) -> bool:
    return bool(kind == tuple[dict[str, Any], ...])


PLAIN = tagged(Event, Command)
"""Plain forms of the routing core's values, as in records and in messages between daemon and call process."""


def pack(plain: object) -> bytes:
    """Plain types as msgpack bytes."""
    packed: bytes = msgpack.packb(plain)
    return packed


# Any: bytes from another process or an older release may hold any plain value.
def unpack(data: bytes) -> Any:
    """msgpack bytes as plain types; raises ValueError for anything malformed."""
    return msgpack.unpackb(data, strict_map_key=False)
