"""A plan as plain types, and back: what travels to the call processes and stands in the store.

Rule: this form is ours on both sides and is trusted; nothing is checked on the way in.
"""

from datetime import date
from typing import Any, Final

from cattrs import Converter

from routing.plan import Plan


def _build(*, brief: bool) -> Converter:
    converter = Converter(detailed_validation=False, omit_if_default=brief, unstruct_collection_overrides={})
    converter.register_unstructure_hook(tuple, list)
    if not brief:
        converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    return converter


_WHOLE: Final = _build(brief=False)
_BRIEF: Final = _build(brief=True)


def to_plain(plan: Plan) -> dict[str, Any]:
    """The plan as dictionaries, lists, text and numbers; msgpack and JSON carry it."""
    plain: dict[str, Any] = _WHOLE.unstructure(plan)
    return plain


def from_plain(plain: dict[str, Any]) -> Plan:
    """The plan that `to_plain` gave."""
    return _WHOLE.structure(plain, Plan)


def brief(plan: Plan) -> dict[str, Any]:
    """The plan as a document's tables, without what is at its default; dates stay dates."""
    plain: dict[str, Any] = _BRIEF.unstructure(plan)
    return plain
