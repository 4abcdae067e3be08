"""Beyond faults: what in a plan is suspicious, and where two versions of a plan differ.

    check(plan, today, calendar) → findings
    difference(old, new) → changes

Rule: exact, over all times and callers that plans can tell apart; nothing is sampled.
"""

from collections.abc import Collection
from datetime import date

from routing.calendar import Calendar
from routing.check.caller_groups import CallerGroups
from routing.check.difference import Change, difference
from routing.check.findings import Doubt, Finding
from routing.check.reachability import origin_branches, unreached_nodes
from routing.check.static_checks import (
    facts_of_the_day,
    prompts_missing,
    targets_alone,
    targets_never_rung,
    waits_too_long,
)
from routing.check.time_classes import Times
from routing.check.times import nobody_there, small_gaps, time_branches
from routing.ids import PromptName
from routing.plan import Plan

__all__ = ["CARRIER_WAIT_S", "Change", "Doubt", "Finding", "check", "difference"]

CARRIER_WAIT_S = 90
"""How long a carrier lets a call ring before it gives up, in seconds."""


def check(
    plan: Plan,
    today: date,
    calendar: Calendar,
    *,
    prompts: Collection[PromptName] | None = None,
    carrier_wait_s: int = CARRIER_WAIT_S,
) -> tuple[Finding, ...]:
    """Everything suspicious in a plan, by place.

    `prompts` is the subscriber's library, None if it is not known; `carrier_wait_s` (seconds) is what ring waits may
    sum to.
    """
    times, groups = Times((plan,)), CallerGroups((plan,))
    return tuple(
        sorted(
            {
                *unreached_nodes(plan),
                *origin_branches(plan, groups),
                *time_branches(plan, times),
                *small_gaps(plan),
                *nobody_there(plan, times, groups),
                *targets_alone(plan),
                *waits_too_long(plan, carrier_wait_s),
                *targets_never_rung(plan),
                *prompts_missing(plan, prompts),
                *facts_of_the_day(plan, today, calendar),
            }
        )
    )
