"""Sets or removes one value in a TOML text (pure).

Rule: comments and order stay as the author wrote them, also a comment above the next table. The result is parsed again;
if it is not exactly the document that was meant, EditFault is raised.
"""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from difflib import SequenceMatcher
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AoT, Array, Comment, InlineTable, Item, Key, SingleKey, Table, Whitespace

from tui.i18n import tr

Value = Any
"""A value of a TOML document. Any: a draft may have any type at any place, and tomlkit has no closer types."""
Document = dict[str, Value]
"""A plan document, as parsed, which may have faults."""
Path = tuple[str, ...]
Body = list[tuple[Key | None, Item]]


class EditFault(ValueError):
    """A document or what was typed into a field is not what it must be; the sentence says what can be written."""


def plain(text: str) -> Document:
    """The document; raises EditFault if the text is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise EditFault(tr("edit.not_toml", fault=fault)) from fault


def put(text: str, path: Path, value: Value) -> str:
    """The text with this value at this place; raises EditFault if only a person can put it there."""
    meant = plain(text)
    below = meant
    for part in path[:-1]:
        below = below.setdefault(part, {})
        if not isinstance(below, dict):
            raise EditFault(tr("edit.no_table", path=".".join(path[:-1])))
    there = below.get(path[-1])
    if isinstance(there, dict) and isinstance(value, dict) and value:
        for key, one in value.items():
            text = text if there.get(key) == one else put(text, (*path, key), one)
        for key in there.keys() - value.keys():
            text = drop(text, (*path, key))
        return text
    below[path[-1]] = deepcopy(value)
    return _verified(_put(text if text.endswith("\n") or not text else text + "\n", path, value), meant, path)


def drop(text: str, path: Path) -> str:
    """The text without this place, and without the tables that this leaves empty; raises EditFault as `put` does."""
    meant = plain(text)
    while path and (below := _at(meant, path[:-1])) is not None and path[-1] in below:
        del below[path[-1]]
        text = _drop(text, path)
        if below:
            break
        path = path[:-1]
    return _verified(text, meant, path)


def rename(text: str, old: Path, new: Path) -> str:
    """The text with a table under another name, comments and all; raises EditFault as `put` does."""
    meant = plain(text)
    table = (_at(meant, old[:-1]) or {}).pop(old[-1], None)
    if len(old) > 1 and not _at(meant, old[:-1]):
        meant.pop(old[0])
    below = meant
    for part in new[:-1]:
        below = below.setdefault(part, {})
    below[new[-1]] = table
    head = r"\s*\.\s*".join(rf"""["']?{re.escape(part)}["']?""" for part in old)
    name = ".".join(SingleKey(part).as_string() for part in new)
    found = re.compile(rf"^([ \t]*\[)\s*{head}\s*(?=[.\]])", re.MULTILINE)
    return _verified(found.sub(lambda one: one[1] + name, text), meant, old)


def _verified(text: str, meant: Document, path: Path) -> str:
    try:
        if tomllib.loads(text) == meant:
            return text
    except tomllib.TOMLDecodeError:
        pass
    raise EditFault(tr("edit.by_text", path=".".join(path)))


def _at(document: Document, path: Path) -> Document | None:
    below: Value = document
    for part in path:
        below = below.get(part) if isinstance(below, dict) else None
    return below if isinstance(below, dict) else None


def _put(text: str, path: Path, value: Value) -> str:
    document = tomlkit.parse(text)
    tables = list(_tables_towards(document, path))
    deepest = [(table, rest) for table, rest in tables if len(rest) == min(len(rest) for _, rest in tables)]
    table, rest = max(deepest, key=lambda entry: (entry[1][0] in _inside(entry[0]), _has_own(_inside(entry[0]))))
    if rest[0] in _inside(table):
        _set(_inside(table), rest[0], _wrapped(rest[1:], value))
    elif isinstance(table, InlineTable):
        table.append(rest[0], _item(_wrapped(rest[1:], value)))
    elif table is document and len(path) == 1 and not isinstance(value, dict):
        _insert(table, rest[0], _item(value))
    elif not _headless(document, path[: len(path) - len(rest)]):
        _insert(table, rest[0], _item(_wrapped(rest[1:], value)))
    else:
        lines = value if isinstance(value, dict) else {rest[-1]: value}
        head = path if isinstance(value, dict) else path[:-1]
        body = [f"{SingleKey(key).as_string()} = {_item(one).as_string()}\n" for key, one in lines.items()]
        return f"{text}\n[{'.'.join(SingleKey(part).as_string() for part in head)}]\n{''.join(body)}".lstrip("\n")
    return tomlkit.dumps(document)


def _tables_towards(container: Value, path: Path) -> Iterator[tuple[Value, Path]]:
    """Tables on the way to a place, which may be written in several pieces, with what is left of the way."""
    yield container, path
    for key, item in _inside(container).body if len(path) > 1 else ():
        if key is not None and key.key == path[0]:
            if isinstance(item, Table):
                yield from _tables_towards(item.value, path[1:])
            elif isinstance(item, InlineTable):
                yield from _tables_towards(item, path[1:])


def _inside(table: Value) -> Container:
    """The keys and values of a table, whichever way it is written."""
    inside: Container = table.value if isinstance(table, InlineTable) else table
    return inside


def _has_own(inside: Container) -> bool:
    """Whether it holds more than other tables."""
    return any(key is not None and not isinstance(item, Table) for key, item in inside.body)


def _headless(document: Container, path: Path) -> bool:
    """Whether a table stands in no piece under a head of its own: only its tables have one."""
    return not any(
        isinstance(item, Table) and not item.is_super_table() and not key.is_dotted()
        for container, rest in _tables_towards(document, (*path, ""))
        for key, item in container.body
        if len(rest) == 2 and key is not None and key.key == rest[0]
    )


def _wrapped(path: Path, value: Value) -> Value:
    for part in reversed(path):
        value = {part: value}
    return value


def _item(value: Value) -> Item:
    if isinstance(value, dict):
        pairs = ", ".join(f"{SingleKey(key).as_string()} = {_item(one).as_string()}" for key, one in value.items())
        return tomlkit.value(f"{{ {pairs} }}" if pairs else "{}")
    if isinstance(value, list):
        array = tomlkit.array()
        for one in value:
            array.append(_item(one))
        return array.multiline(any(isinstance(one, dict) for one in value))
    item: Item = tomlkit.item(value)
    return item


def _set(table: Container, key: str, value: Value) -> None:
    """In place of what is there; of a list only the entries that differ."""
    now = table.get(key)
    if isinstance(now, AoT | dict) and not isinstance(now, InlineTable):  # more is written there than its value says
        raise EditFault(tr("edit.by_text", path=key))
    if not isinstance(now, Array) or not isinstance(value, list):
        table[key] = _item(value)
        return
    old = [repr(one) for one in now.unwrap()]
    changes = SequenceMatcher(None, old, [repr(one) for one in value], autojunk=False).get_opcodes()
    for _, first, last, begin, end in reversed(changes):
        same = min(last - first, end - begin)
        if old[first:last] == [repr(one) for one in value[begin:end]]:
            continue
        for place in range(same):
            now[first + place] = _item(value[begin + place])
        for place in reversed(range(first + same, last)):
            del now[place]
        for place in range(begin + same, end):
            now.insert(first + place - begin, _item(value[place]))


def _insert(table: Container, key: str, item: Item) -> None:
    """Behind the table's last own value: what follows it may be about the next table."""
    last = [
        place for place, (one, what) in enumerate(table.body) if one is not None and not isinstance(what, Table | AoT)
    ]
    table.body.insert(last[-1] + 1 if last else 0, (SingleKey(key), item))


def _drop(text: str, path: Path) -> str:
    document = tomlkit.parse(text)
    for table, rest in list(_tables_towards(document, path)):
        if len(rest) > 1:
            continue
        if isinstance(table, InlineTable):
            left = {key: one for key, one in table.unwrap().items() if key != rest[0]}
            if "\n" in table.as_string():  # a list in it may have remarks
                table.pop(rest[0], None)
            else:
                table.value.body[:] = _item(left).value.body
            continue
        body: Body = table.body
        body[:] = [
            one
            for key, item in body
            for one in (_left(item) if key is not None and key.key == rest[0] else [(key, item)])
        ]
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def _left(item: Item) -> Body:
    """What stays of a table that is taken away: all that stands below a blank line after its last value."""
    if not isinstance(item, Table):
        return []
    body = list(_all(item))
    values = [place for place, (key, _) in enumerate(body) if key is not None]
    after = body[values[-1] + 1 if values else 0 :]
    blank = [place for place, (_, one) in enumerate(after) if isinstance(one, Whitespace) and "\n" in one.s]
    kept = after if not values else after[blank[0] :] if blank else []
    return [(None, one) for _, one in kept if isinstance(one, Comment | Whitespace)]


def _all(table: Table) -> Iterator[tuple[Key | None, Item]]:
    """What a table is written of, with that of its tables in their place."""
    for key, item in table.value.body:
        if isinstance(item, Table):
            yield from _all(item)
        else:
            yield key, item
