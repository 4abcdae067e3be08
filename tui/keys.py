"""The table of all keys of the console.

Rule: bindings, hint bar, help (`?`), palette and the user's own file (`keys.toml`: `"calls.hangup" = "ctrl+h"`) are all
made from this table; a key that is not in it does nothing.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
from textual.binding import Binding, BindingType


@attrs.frozen
class Key:
    """One key and its action; its text is `keys.<where>_<name>`.

    `where` is the part of the console in which it works. `hint` shows it in the hint bar; `first` gives it precedence
    over the keys of a text editor.
    """

    where: str
    name: str
    key: str
    action: str
    hint: bool = False
    first: bool = False

    @property
    def id(self) -> str:
        """Its name in the user's file."""
        return f"{self.where}.{self.name}"


PANES: Final = ("calls", "numbers", "trunks", "records", "reports", "log")

REPORTS: Final = ("hour", "day", "area", "cause", "target")
"""What a report counts by."""

KEYS: Final = (
    *(Key("app", f"pane_{pane}", str(number), f"app.pane('{pane}')") for number, pane in enumerate(PANES, 1)),
    Key("app", "help", "question_mark", "app.help", hint=True),
    Key("app", "language", "L", "app.language", hint=True),
    Key("app", "theme", "T", "app.theme"),
    Key("app", "palette", "ctrl+p", "app.command_palette"),
    Key("app", "quit", "q", "app.quit", hint=True),
    Key("sheet", "up", "up,k", "move(-1)"),
    Key("sheet", "down", "down,j", "move(1)"),
    Key("sheet", "page_up", "pageup", "page(-1)"),
    Key("sheet", "page_down", "pagedown", "page(1)"),
    Key("sheet", "first", "home,g", "edge(False)"),
    Key("sheet", "last", "end,G", "edge(True)"),
    Key("sheet", "open", "enter", "open", hint=True),
    Key("table", "filter", "slash", "filter", hint=True),
    Key("table", "invert", "exclamation_mark", "invert"),
    Key("table", "clear", "escape", "clear", hint=True),
    Key("table", "sort", "s", "sort", hint=True),
    Key("table", "reverse", "S", "reverse"),
    Key("table", "columns", "c", "columns"),
    Key("table", "pause", "p", "pause", hint=True),
    Key("calls", "hangup", "x", "hangup", hint=True),
    Key("calls", "log", "l", "log", hint=True),
    Key("numbers", "calls", "w", "calls", hint=True),
    Key("numbers", "log", "l", "log", hint=True),
    Key("trunks", "out", "o", "service('out')", hint=True),
    Key("trunks", "drain", "d", "service('draining')", hint=True),
    Key("trunks", "back", "b", "service('in')", hint=True),
    Key("trunks", "log", "l", "log", hint=True),
    Key("records", "search", "f", "search", hint=True),
    Key("records", "missed", "m", "missed", hint=True),
    Key("records", "close", "x", "close", hint=True),
    Key("records", "export", "e", "export", hint=True),
    Key("records", "refresh", "r", "refresh"),
    Key("records", "voicemail", "v", "voicemail", hint=True),
    Key("records", "recordings", "t", "recordings", hint=True),
    Key("kept", "back", "escape", "back", hint=True),
    Key("kept", "refresh", "r", "refresh"),
    Key("voicemail", "mark", "m", "mark", hint=True),
    Key("voicemail", "delete", "x", "delete", hint=True),
    *(Key("reports", by, by[0] if by != "cause" else "u", f"by('{by}')", hint=True) for by in REPORTS),
    Key("reports", "days", "w", "days", hint=True),
    Key("reports", "number", "n", "number", hint=True),
    Key("reports", "refresh", "r", "refresh"),
    Key("log", "audit", "a", "audit", hint=True),
    Key("audit", "back", "escape", "back", hint=True),
    Key("detail", "back", "escape", "back", hint=True),
    Key("detail", "hangup", "x", "hangup", hint=True),
    Key("detail", "messages", "m", "messages", hint=True),
    Key("detail", "log", "l", "log", hint=True),
    Key("plan", "back", "escape", "back", hint=True),
    Key("plan", "tree", "f2", "view('tree')", hint=True, first=True),
    Key("plan", "text", "f3", "view('text')", hint=True, first=True),
    Key("plan", "forms", "f4", "forms", hint=True, first=True),
    Key("plan", "whatif", "f5", "view('whatif')", hint=True, first=True),
    Key("plan", "difference", "f6", "view('difference')", hint=True, first=True),
    Key("plan", "history", "f7", "view('history')", hint=True, first=True),
    Key("plan", "drop", "f8", "drop", first=True),
    Key("plan", "publish", "f9", "publish", hint=True, first=True),
    Key("plan", "rebase", "f10", "rebase", first=True),
    Key("history", "mark", "m", "mark", hint=True),
    Key("history", "restore", "r", "restore", hint=True),
    Key("ask", "yes", "y", "yes", hint=True),
    Key("ask", "no", "n", "leave", hint=True),
    Key("form", "done", "ctrl+s", "done", hint=True, first=True),
    Key("edit", "away", "f8", "away", hint=True, first=True),
    Key("columns", "done", "enter", "done", hint=True, first=True),
    Key("help", "close", "question_mark,q", "leave"),
    Key("box", "leave", "escape", "leave", hint=True),
)

TOGETHER: Final = (
    *(("app", "sheet", "table", pane) for pane in PANES if pane != "reports"),
    ("app", "sheet", "reports"),
    ("app", "sheet", "audit"),
    ("app", "sheet", "kept", "voicemail"),
    ("app", "detail"),
    ("app", "sheet", "plan", "history"),
    *(("box", where) for where in ("ask", "form", "columns", "help")),
    ("box", "form", "edit"),
)
"""Parts of the console whose keys work at the same time: a key may be used only once in each of these groups."""


def bindings(*wheres: str) -> list[BindingType]:
    """The bindings of these places; what the user's file changes is applied by `App.set_keymap`."""
    return [
        Binding(key.key, key.action, key.id, id=key.id, show=key.hint, priority=key.first)
        for key in KEYS
        if key.where in wheres
    ]


def _flat(document: dict[str, object]) -> dict[str, object]:
    """`"calls.hangup" = …` and `[calls] hangup = …` are the same."""
    named: dict[str, object] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            named.update({f"{name}.{below}": one for below, one in value.items()})
        else:
            named[name] = value
    return named


class KeysFault(ValueError):
    """The user's key file cannot be used: which entry is wrong, and what may be written."""


def remapped(path: Path) -> dict[str, str]:
    """The user's own keys by id; none if there is no file. Raises KeysFault."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise KeysFault(f"{path}: {fault}") from fault
    known = {key.id for key in KEYS}
    own: dict[str, str] = {}
    for name, key in _flat(document).items():
        if name not in known:
            raise KeysFault(f"{path}: no key is named {name}; known are {', '.join(sorted(known))}")
        if not isinstance(key, str) or not key:
            raise KeysFault(f'{path}: {name} must be the name of a key, such as "ctrl+h"')
        own[name] = key
    for key, ids in clashes(own):
        raise KeysFault(f"{path}: {' and '.join(ids)} are both on {key}; give one of them another key")
    return own


def clashes(own: dict[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Keys that would have two actions at the same time, with these keys of the user's own."""
    for places in TOGETHER:
        taken: dict[str, str] = {}
        for key in KEYS:
            for one in own.get(key.id, key.key).split(",") if key.where in places else ():
                if taken.setdefault(one, key.id) != key.id:
                    yield one, (taken[one], key.id)


_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "exclamation_mark": "!",
    "escape": "Esc",
    "enter": "⏎",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "space": "Space",
}


def shown(keys: str) -> str:
    """The first of these keys as it is written on the screen: `?`, `^P`, `F5`."""
    first = keys.split(",", maxsplit=1)[0]
    if first.startswith("ctrl+"):
        return "^" + first.removeprefix("ctrl+").upper()
    return _NAMES.get(first, first.upper() if len(first) > 1 else first)
