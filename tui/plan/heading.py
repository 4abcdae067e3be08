"""The line over a plan: which number, in what state the text is, which version is in force (pure).

Rule: faults and drafts are said before anything that can wait; at 80 columns the end is what is cut.
"""

from b2bua.console.protocol import Row
from tui.arrange import Cell
from tui.i18n import say, say_slug
from tui.plan.work import Work
from tui.time_text import day_clock


def heading(number: str, work: Work, row: Row | None) -> list[Cell]:
    """The line; `row` is the number's in the list of numbers."""
    live = work.live
    parts = [Cell(row["number"] if row else number, "key")]
    parts.append(Cell(say("plan.draft"), "busy") if work.changed else Cell(say("plan.as_live"), "good"))
    if work.faults:
        parts.append(Cell(say("plan.faults", count=len(work.faults)), "bad"))
    if work.warnings:
        parts.append(Cell(say("plan.warnings", count=len(work.warnings)), "busy"))
    if live.plan_hash:
        shown = say("plan.live", hash=live.plan_hash[:8], at=day_clock(live.at_ms), author=live.author)
        parts.append(Cell(shown, "dim"))
    if row:
        parts += [Cell(row["subscriber"]), Cell(say_slug("life", row["state"]), "dim")]
    return parts


def overtaken(work: Work) -> str:
    """That somebody else has published since the text was begun; empty if it does not matter."""
    if not work.overtaken or not work.changed:
        return ""
    return say("plan.overtaken", author=work.live.author, at=day_clock(work.live.at_ms))
