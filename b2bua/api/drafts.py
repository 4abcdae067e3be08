"""What a plan that is not published yet would do: checked, compared with the one in force, and tried on a call.

Rule: a draft touches nothing; the same pure functions look at it that look at a published plan.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import attrs
import trio

from b2bua.admission.caller_lookup import caller_of
from b2bua.admission.holidays import china, with_days
from b2bua.admission.served_numbers import barred, mobiles_of
from b2bua.api.verbs import Operator, Refusal, Verb, listed, wanted
from b2bua.config.trunks import Trunk
from b2bua.console.protocol import Fault
from b2bua.media.paths import MediaPaths
from b2bua.store.plans import Plans
from routing.check import check, difference
from routing.document import PlanFaults, parse
from routing.explain import World, decision, explain
from routing.facts import Facts
from routing.ids import CallId, TargetName, TrunkName
from routing.number import print_address
from routing.plan import ZONES, Plan
from routing.state import State
from routing.trace import to_plain

Args = dict[str, Any]


class Drafts:
    """Verbs about documents that an operator is writing."""

    def __init__(self, plans: Plans, library: MediaPaths, trunks: Mapping[str, Trunk]) -> None:
        self._plans = plans
        self._trunks = trunks
        self._library = library

    def verbs(self) -> dict[str, Verb]:
        """These verbs."""
        return {
            "plan.check": self._check,
            "plan.diff": self._difference,
            "plan.explain": self._explain,
        }

    async def _check(self, args: Args, _: Operator) -> Any:
        try:
            plan = await trio.to_thread.run_sync(parse, wanted(args, "text", str))
        except PlanFaults as error:
            faults = [{"path": each.path, "problem": each.problem, "mend": each.mend} for each in error.faults]
            return {"faults": faults, "warnings": []}
        today = datetime.now(zone_of(plan)).date()
        prompts = await trio.to_thread.run_sync(self._library.names, plan.number)
        findings = await trio.to_thread.run_sync(partial(check, plan, today, china(), prompts=prompts))
        return {"faults": [], "warnings": [{"path": each.path, "problem": each.says, "mend": ""} for each in findings]}

    async def _difference(self, args: Args, _: Operator) -> Any:
        """`text` against the plan in force, or against `old` text; `changes` are lines for people."""
        new = await _parsed(wanted(args, "text", str))
        if "old" in args:
            old = await _parsed(wanted(args, "old", str))
        else:
            live = (await trio.to_thread.run_sync(self._plans.all_live)).get(new.number)
            if live is None:
                return {"changes": []}
            old = await _parsed(live.document)
        changes = await trio.to_thread.run_sync(difference, old, new)
        return {"changes": [str(change) for change in changes]}

    async def _explain(self, args: Args, _: Operator) -> Any:
        plan = await _parsed(wanted(args, "text", str))
        trunk = wanted(args, "trunk", str, "")
        if trunk and trunk not in self._trunks:
            raise Refusal(f"there is no trunk named {trunk!r}; there are {', '.join(self._trunks)}")
        try:
            facts = facts_at(plan, wanted(args, "caller", str, ""), wanted(args, "at", str, ""))
        except ValueError as error:
            raise Refusal(f"at: {error}; write it as 2026-05-01T08:30") from error
        if trunk:
            facts = attrs.evolve(facts, trunk=TrunkName(trunk), down=barred(self._trunks[trunk], mobiles_of(plan)))
        keys = wanted(args, "keys", str, "")
        busy = frozenset(TargetName(name) for name in listed(args, "busy"))
        world = World(tuple(keys.split(",")) if keys else (), busy)
        state = (await trio.to_thread.run_sync(explain, plan, facts, world)).state
        return {
            "steps": [to_plain(step) for step in state.trace],
            "rings": _waves(state),
            "ending": decision(state),
        }


def zone_of(plan: Plan) -> timezone:
    """The zone that a plan's hours are in."""
    return timezone(timedelta(minutes=ZONES[plan.zone]))


def facts_at(plan: Plan, caller: str, at: str) -> Facts:
    """The facts of a call that might come: `at` is ISO time in the plan's zone, empty for now. Raises ValueError."""
    zone = zone_of(plan)
    arrived = datetime.fromisoformat(at) if at else datetime.now(zone)
    arrived = arrived.astimezone(zone) if arrived.tzinfo else arrived.replace(tzinfo=zone)
    facts = Facts(CallId("what-if"), plan.number, caller_of(caller), TrunkName(""), arrived)
    return with_days(facts)


async def _parsed(text: str) -> Plan:
    try:
        return await trio.to_thread.run_sync(parse, text)
    except PlanFaults as error:
        faults = tuple(Fault(each.path, each.problem, each.mend) for each in error.faults)
        raise Refusal("the plan has faults", faults) from error


def _waves(state: State) -> list[list[dict[str, str]]]:
    """The attempts in order; those that began together, together."""
    waves: dict[float, list[dict[str, str]]] = {}
    for attempt in state.attempts:
        waves.setdefault(attempt.began_s, []).append(
            {"target": attempt.target, "address": print_address(attempt.address)}
        )
    return list(waves.values())
