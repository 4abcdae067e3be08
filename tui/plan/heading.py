"""The heading of a plan: the number, the state of the text, the version in force (pure).

Rule: faults and drafts come first, since the end is cut off at 80 columns.
"""

from b2bua.console.protocol import Row
from tui.i18n import tr, tr_slug
from tui.plan.edit_state import EditState
from tui.table_view import Cell
from tui.time_text import day_clock


def heading(number: str, edit: EditState, row: Row | None) -> list[Cell]:
    """The line; `row` is the number's in the list of numbers."""
    live = edit.live
    parts = [Cell(row["number"] if row else number, "key")]
    parts.append(Cell(tr("plan.draft"), "busy") if edit.changed else Cell(tr("plan.as_live"), "good"))
    if edit.faults:
        parts.append(Cell(tr("plan.faults", count=len(edit.faults)), "bad"))
    if edit.warnings:
        parts.append(Cell(tr("plan.warnings", count=len(edit.warnings)), "busy"))
    if live.plan_hash:
        shown = tr("plan.live", hash=live.plan_hash[:8], at=day_clock(live.at_ms), author=live.author)
        parts.append(Cell(shown, "dim"))
    if row:
        parts += [Cell(row["subscriber"]), Cell(tr_slug("life", row["state"]), "dim")]
    return parts


def overtaken(edit: EditState) -> str:
    """That somebody else has published since the text was begun; empty if it does not matter."""
    if not edit.overtaken or not edit.changed:
        return ""
    return tr("plan.overtaken", author=edit.live.author, at=day_clock(edit.live.at_ms))
