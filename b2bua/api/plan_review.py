"""Reviews documents that are not published: checks them, compares them with the plan in force, tries them on a call.

Rule: nothing is changed, and a draft is checked and decided by the same pure functions as a published plan.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import attrs

from b2bua.admission.caller_lookup import caller_of
from b2bua.admission.holidays import china, with_days
from b2bua.admission.served_numbers import barred, mobiles_of
from b2bua.api.dispatch import Asker, implements, in_thread
from b2bua.api.requests.operation import Refusal
from b2bua.api.requests.plans import (
    CallExplained,
    CheckPlan,
    ComparePlans,
    ExplainCall,
    PlanChecked,
    PlansCompared,
    Ringing,
)
from b2bua.base.errors import NotFound
from b2bua.config.trunks import Trunk
from b2bua.console.protocol import Fault, FaultKind
from b2bua.media.paths import MediaPaths
from b2bua.store.plans import Plans
from routing.check import CARRIER_WAIT_S, Finding, check, difference
from routing.document import PlanFaults, parse
from routing.explain import World, decision, explain
from routing.facts import Facts
from routing.ids import CallId, TargetName, TrunkName
from routing.number import print_address
from routing.plan import Plan
from routing.state import State
from routing.trace import to_plain


class PlanReviewOperations:
    """Operations on drafts of plans."""

    def __init__(self, plans: Plans, paths: MediaPaths, trunks: Mapping[str, Trunk]) -> None:
        self._plans = plans
        self._paths = paths
        self._trunks = trunks

    @implements
    async def check(self, request: CheckPlan, _: Asker) -> PlanChecked:
        """Prompts are looked for in this switch's library."""
        try:
            plan = await in_thread(partial(parse, request.text))
        except PlanFaults as error:
            return PlanChecked(tuple(Fault(each.path, each.problem, each.mend) for each in error.faults), ())
        found = await in_thread(lambda: findings(plan, self._paths))
        return PlanChecked((), tuple(Fault(each.path, each.says) for each in found))

    @implements
    async def compare(self, request: ComparePlans, _: Asker) -> PlansCompared:
        """A number without a plan in force has nothing to compare with."""
        new = await _parsed(request.text)
        old = request.old
        if old is None:
            live = (await in_thread(self._plans.all_live)).get(new.number)
            if live is None:
                return PlansCompared(())
            old = live.document
        changes = await in_thread(partial(difference, await _parsed(old), new))
        return PlansCompared(tuple(map(str, changes)))

    @implements
    async def explain(self, request: ExplainCall, _: Asker) -> CallExplained:
        """The core decides as in a real call."""
        plan = await _parsed(request.text)
        if request.trunk and request.trunk not in self._trunks:
            raise NotFound(f"there is no trunk named {request.trunk!r}; there are {', '.join(self._trunks)}")
        arrived = _arrival(request.at, plan)
        facts = facts_of(plan, request.caller, arrived, trunk=self._trunks.get(request.trunk))
        world = World(keys_of(request.keys), frozenset(map(TargetName, request.busy)))
        state = (await in_thread(partial(explain, plan, facts, world))).state
        return CallExplained(tuple(to_plain(step) for step in state.trace), _rings(state), decision(state))


def findings(plan: Plan, paths: MediaPaths, carrier_wait_s: int = CARRIER_WAIT_S) -> tuple[Finding, ...]:
    """What is suspicious about a plan today, in its own time zone, with the prompts of this switch."""
    today, prompts = datetime.now(plan.timezone()).date(), paths.names(plan.number)
    return tuple(check(plan, today, china(), prompts=prompts, carrier_wait_s=carrier_wait_s))


def facts_of(plan: Plan, caller: str, arrived: datetime, *, trunk: Trunk | None = None, category: str = "") -> Facts:
    """The facts of an imagined call; `category` is the calling party's category of a landline (cpc)."""
    there = arrived.astimezone(plan.timezone())
    who = caller_of(caller, category=category)
    facts = Facts(CallId("what-if"), plan.number, who, TrunkName(trunk.name if trunk else ""), there)
    if trunk is not None:
        facts = attrs.evolve(facts, down=barred(trunk, mobiles_of(plan)))
    return with_days(facts)


def keys_of(text: str) -> tuple[str, ...]:
    """The keys of a caller, one entry each time keys are collected: `1,2`."""
    return tuple(text.split(",")) if text else ()


def _arrival(at: str, plan: Plan) -> datetime:
    """ISO time in the plan's zone; now if it is empty. Raises Refusal."""
    if not at:
        return datetime.now(plan.timezone())
    try:
        arrived = datetime.fromisoformat(at)
        return arrived if arrived.tzinfo else arrived.replace(tzinfo=plan.timezone())
    except ValueError as error:
        raise Refusal(FaultKind.BAD_REQUEST, f"at: {error}; write it as 2026-05-01T08:30") from error


async def _parsed(text: str) -> Plan:
    try:
        return await in_thread(partial(parse, text))
    except PlanFaults as error:
        faults = tuple(Fault(each.path, each.problem, each.mend) for each in error.faults)
        raise Refusal(FaultKind.BAD_PLAN, "the plan has faults", faults) from error


def _rings(state: State) -> tuple[tuple[Ringing, ...], ...]:
    """The attempts in order; those that begin at the same time are in one group."""
    together: dict[float, list[Ringing]] = {}
    for attempt in state.attempts:
        ringing = Ringing(attempt.target, print_address(attempt.address))
        together.setdefault(attempt.began_s, []).append(ringing)
    return tuple(map(tuple, together.values()))
