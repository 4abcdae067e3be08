"""Screen and Limit (ITU-T Q.1213): whether a call is let in, before anything that costs (O1–O4, O6, R10).

Rule: a caller who is refused reaches no target, and the trace says by which rule.
"""

from routing import caller
from routing.cause import ALL_LINES_BUSY, AREA_REFUSED, NOT_ALLOWED, OVER_MONTH_LIMIT
from routing.facts import ABROAD, Caller
from routing.ids import NodeName
from routing.node import BUSY_PROMPT, NOT_ALLOWED_PROMPT, Limit, Screen, WhiteIs
from routing.plan import DEFAULT_SCREEN, Plan
from routing.step_context import StepContext


def refusal(plan: Plan, screen: Screen, who: Caller) -> str:
    """Why a caller may not call at all, empty if nothing speaks against it but perhaps the area."""
    if who.caller_class in ABROAD and not screen.overseas:
        return "calls from abroad are not accepted"
    if who.caller_class in screen.refuse:
        return f"class {who.caller_class} is refused"
    if not who.number and not screen.anonymous:
        return "callers without a number are refused"
    if why := screen.black.why(who, plan.lists):
        return f"{why} is on the black list"
    if screen.white_is is WhiteIs.EXCLUSIVE and not screen.white.empty():
        return "" if screen.white.why(who, plan.lists) else "is not on the white list"
    return ""


def area_refusal(screen: Screen, who: Caller) -> str:
    """Why a caller's area is refused, empty if it is not (O3)."""
    if who.area in screen.areas_never:
        return f"area {who.area} is refused"
    if screen.areas_only and who.area not in screen.areas_only:
        return f"area {who.area or 'unknown'} is not accepted"
    return ""


def is_priority(plan: Plan, screen: Screen, who: Caller) -> bool:
    """Whether the white list lets this caller go first in queues (O4)."""
    return screen.white_is is WhiteIs.PRIORITY and bool(screen.white.why(who, plan.lists))


def enter_screen(ctx: StepContext, name: NodeName, screen: Screen) -> NodeName | None:
    """Let the caller in, or refuse: 您无权拨打该号码 for lists and classes, 对不起，您要的电话忙 for areas."""
    who = ctx.facts.caller
    looked_at = (("caller", who.number or "withheld"), ("class", who.caller_class), ("area", who.area))
    if why := refusal(ctx.plan, screen, who):
        ctx.note(name, "screen", "refuse", looked_at=looked_at, passed_over=(("then", why),))
        caller.release_after(ctx, NOT_ALLOWED, NOT_ALLOWED_PROMPT if screen.announce else None)
        return None
    if why := area_refusal(screen, who):
        ctx.note(name, "screen", "refuse", looked_at=looked_at, passed_over=(("then", why),))
        caller.release_after(ctx, AREA_REFUSED, BUSY_PROMPT if screen.announce else None)
        return None
    ctx.priority = ctx.priority or is_priority(ctx.plan, screen, who)
    if screen != DEFAULT_SCREEN:  # a plan without a screen of its own has decided nothing here
        ctx.note(name, "screen", "then", looked_at=looked_at)
    return ctx.plan.next_node(name, screen.then)


def enter_limit(ctx: StepContext, name: NodeName, limit: Limit) -> NodeName | None:
    """Let the call through while the month's use and the lines allow it."""
    usage, live = ctx.facts.usage, ctx.facts.live_calls
    looked_at = (("month_cost", str(usage.cost_li)), ("month_calls", str(usage.calls)), ("live_calls", str(live)))
    over_month = _over_month(limit, usage.cost_li, usage.calls)
    if over_month:
        ctx.note(name, "limit", "refuse", looked_at=looked_at, passed_over=(("then", over_month),))
        caller.release_after(ctx, OVER_MONTH_LIMIT, BUSY_PROMPT)
        return None
    lines = limit.most_lines()
    if lines is not None and live >= lines:
        why = (("then", f"all {lines} lines are taken"),)
        ctx.note(name, "limit", "over" if limit.over else "refuse", looked_at=looked_at, passed_over=why)
        if limit.over is None:
            caller.release_after(ctx, ALL_LINES_BUSY, BUSY_PROMPT)
        return limit.over
    ctx.note(name, "limit", "then", looked_at=looked_at)
    return ctx.plan.next_node(name, limit.then)


def _over_month(limit: Limit, cost_li: int, calls: int) -> str:
    if limit.month_cost is not None and cost_li >= limit.month_cost:
        return "the month's cost has reached its cap"
    if limit.month_calls is not None and calls >= limit.month_calls:
        return "the month's calls have reached their cap"
    return ""
