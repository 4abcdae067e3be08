"""The table of texts: complete in both languages, and nothing in the code speaks past it."""

import ast
import re
import string
from pathlib import Path

import pytest

import tui
from b2bua.console.protocol import Role
from b2bua.console.rows import Level, Service
from b2bua.records.call_record import CallState, Party
from routing import cause
from tui.i18n import TEXTS, Language, set_language, tr, tr_slug
from tui.keys import KEYS, PANES, REPORTS

SOURCES = sorted(Path(tui.__file__).parent.rglob("*.py"))


def texts() -> list[tuple[str, list[str]]]:
    """Every text with its key."""
    return [(f"{section}.{name}", both) for section, names in TEXTS.items() for name, both in names.items()]


def test_every_text_is_in_both_languages() -> None:
    """Two texts each, none empty, with the same parts in both."""
    for key, both in texts():
        assert len(both) == len(Language), key
        assert all(both), key
        parts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in both]
        assert parts[0] == parts[1], key


def test_every_key_of_the_code_has_a_text() -> None:
    """Whatever `say("…")` in the code names is in the table, and so is every title of a column."""
    known = {key for key, _ in texts()}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            place = {"tr": 0, "Column": 1, "text": 1, "count": 1}.get(node.func.id)
            if place is None or len(node.args) <= place:
                continue
            named = node.args[place]
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                assert named.value in known, f"{path.name}:{node.lineno}"


def test_every_key_of_the_keyboard_has_a_name() -> None:
    """The table of keys and the table of texts agree."""
    for key in KEYS:
        assert tr("keys." + key.id.replace(".", "_"))
        assert tr(f"keys.in_{key.where}")
    for pane in PANES:
        assert tr(f"pane.{pane}")
    assert len({key.id for key in KEYS}) == len(KEYS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_chinese_stands_in_the_code(path: Path) -> None:
    """Chinese on the screen comes from the table; in code it would be said in one language only."""
    tree = ast.parse(path.read_text("utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    assert not [text for text in texts if text not in docstrings and re.search(r"[\u4e00-\u9fff]", text)]


def test_every_slug_of_the_daemon_has_a_text() -> None:
    """Causes, whose doing they were, states and parties are said in both languages, never as a slug."""
    causes = [value.slug for value in vars(cause).values() if isinstance(value, cause.Cause)]
    for section, slugs in (
        ("cause", causes),
        ("blame", list(cause.Blame)),
        ("state", list(CallState)),
        ("party", list(Party)),
        ("service", list(Service)),
        ("level", list(Level)),
        ("role", list(Role)),
        ("by", list(REPORTS)),
    ):
        assert set(slugs) <= set(TEXTS[section]), section


def test_an_unknown_slug_is_shown_as_it_is() -> None:
    """A newer daemon's words are shown rather than nothing."""
    assert tr_slug("cause", "quite-new") == "quite-new"
    set_language(Language.ZH)
    assert tr_slug("cause", "busy") == "忙"
