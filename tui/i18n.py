"""The texts of the console, in Chinese and in English.

Rule: the code has no text for users. Every text has a key in `texts.toml` and is there in both languages, so that the
language can change while the console runs. A console has one user, so it has one current language.
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

_language = Language.ZH


def set_language(language: Language) -> None:
    """Set the language of `tr`."""
    global _language  # noqa: PLW0603 - one person, one language; see the module's rule
    _language = language


def current_language() -> Language:
    """The language in use."""
    return _language


def tr(key: str, /, **parts: object) -> str:
    """The text of this key, such as `calls.caller`, with its parts filled in.

    Raises KeyError for an unknown key.
    """
    section, _, name = key.partition(".")
    text = TEXTS[section][name][list(Language).index(_language)]
    return text.format(**parts) if parts else text


def tr_slug(section: str, slug: str) -> str:
    """The text of a slug that the daemon sent; the slug itself if the console knows none."""
    known = TEXTS[section].get(slug)
    return known[list(Language).index(_language)] if known else slug


def slug_of(section: str, typed: str, slugs: Iterable[str]) -> str | None:
    """The slug for a word that the user typed, in either language or as the daemon writes it; None if there is none."""
    word = typed.strip().lower()
    return next((slug for slug in slugs if word in (slug, *map(str.lower, TEXTS[section].get(slug, [])))), None)
