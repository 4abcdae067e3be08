"""A plan as plain types, and back: what travels to the call processes and stands in the store.

Rule: this form is ours on both sides and is trusted; nothing is checked on the way in.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from routing.document.toml import Document
from routing.hours import DateRange, Dates, When, Yearly, parse_dates, parse_windows
from routing.node import KIND_OF, KINDS, Limit, Node
from routing.plan import Plan


def _texts(when: When) -> list[str]:
    return when.texts()


def _one_or_more(when: When) -> str | list[str]:
    texts = when.texts()
    return texts[0] if len(texts) == 1 else texts


def _yuan(li: int | None) -> str | None:
    return None if li is None else f"{li // 1000}.{li % 1000:03d}".removesuffix("0")


def _when(texts: list[str], _: object) -> When:
    windows = tuple(window for text in texts if ":" in text for window in parse_windows(text))
    return When(tuple(text for text in texts if ":" not in text), windows)


def _node_out(kind: str, write: Callable[[Node], Document]) -> Callable[[Node], Document]:
    return lambda node: {"kind": kind, **write(node)}


def _build(*, brief: bool) -> Converter:
    converter = Converter(detailed_validation=False, omit_if_default=brief)
    converter.register_unstructure_hook(DateRange, str)
    converter.register_unstructure_hook(Yearly, str)
    converter.register_unstructure_hook(When, _one_or_more if brief else _texts)
    for kind, word in KIND_OF.items():
        # Any: cattrs takes what it does with a field by the field's name
        own: Any = {"month_cost": override(unstruct_hook=_yuan)} if brief and kind is Limit else {}
        write = make_dict_unstructure_fn(kind, converter, _cattrs_omit_if_default=brief, **own)
        converter.register_unstructure_hook(kind, _node_out(word, write))
    if not brief:
        converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_structure_hook_func(lambda kind: kind == Dates, lambda text, _: parse_dates(text))
    converter.register_structure_hook(When, _when)
    converter.register_structure_hook_func(
        lambda kind: kind == Node, lambda plain, _: converter.structure(plain, KINDS[plain["kind"]])
    )
    return converter


_WHOLE: Final = _build(brief=False)
_BRIEF: Final = _build(brief=True)


def _settled(plain: Any) -> Any:  # Any: what cattrs has made of a value
    """The same with sets and tuples as lists, sets in their order."""
    match plain:
        case dict():
            return {key: _settled(value) for key, value in plain.items()}
        case frozenset() | set():
            return sorted(plain)
        case list() | tuple():
            return [_settled(one) for one in plain]
        case _:
            return plain


def to_plain(plan: Plan) -> Document:
    """The plan as dictionaries, lists, text and numbers; msgpack and JSON carry it."""
    plain: Document = _settled(_WHOLE.unstructure(plan))
    return plain


def from_plain(plain: Document) -> Plan:
    """The plan that `to_plain` gave."""
    return _WHOLE.structure(plain, Plan)


def brief(plan: Plan) -> Document:
    """The plan as a document's tables, without what is at its default; dates stay dates."""
    plain: Document = _settled(_BRIEF.unstructure(plan))
    return plain
