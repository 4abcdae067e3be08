"""What the console says, in Chinese and in English.

Rule: no sentence stands in the code. Every text has a key in `texts.toml` and is given in both languages, so
that the language can change while the console runs. There is one person at a console, so there is one
language at a time.
"""

import tomllib
from collections.abc import Iterable
from enum import StrEnum
from importlib.resources import files
from typing import Final


class Language(StrEnum):
    """The languages of the console, in the order of their texts."""

    ZH = "zh"
    EN = "en"


TEXTS: Final[dict[str, dict[str, list[str]]]] = tomllib.loads(files("tui").joinpath("texts.toml").read_text("utf-8"))

_spoken = Language.ZH


def speak(language: Language) -> None:
    """From now on `say` answers in this language."""
    global _spoken  # noqa: PLW0603 - one person, one language; see the module's rule
    _spoken = language


def spoken() -> Language:
    """The language in use."""
    return _spoken


def say(key: str, /, **parts: object) -> str:
    """The text of this key, such as `calls.caller`, with its parts filled in.

    Raises KeyError for an unknown key.
    """
    section, _, name = key.partition(".")
    text = TEXTS[section][name][list(Language).index(_spoken)]
    return text.format(**parts) if parts else text


def say_slug(section: str, slug: str) -> str:
    """The text of a slug that the daemon sent; the slug itself if the console knows none."""
    known = TEXTS[section].get(slug)
    return known[list(Language).index(_spoken)] if known else slug


def slug_of(section: str, typed: str, slugs: Iterable[str]) -> str | None:
    """The slug that a person means by this word, in either language or as the daemon writes it; None if none."""
    word = typed.strip().lower()
    return next((slug for slug in slugs if word in (slug, *map(str.lower, TEXTS[section].get(slug, [])))), None)
