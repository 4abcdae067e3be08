"""What can be seen in a plan without looking at any call: targets, waits, prompts, dates, areas.

Rule: each function yields one kind of finding or a few that are looked up alike.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Final

from routing.areas import AREAS
from routing.calendar import Calendar
from routing.caller import RINGING_TONE
from routing.check.caller_groups import origins_of
from routing.check.findings import Doubt, Finding
from routing.check.time_classes import windows_of
from routing.document.graph import leads_to
from routing.ids import NodeName, PromptName
from routing.node import (
    BUSY_PROMPT,
    NOT_ALLOWED_PROMPT,
    Announcement,
    Hunt,
    Menu,
    Order,
    Queue,
    Release,
    Verify,
    Voicemail,
)
from routing.nodes.queue import PLACE_PROMPT
from routing.number import NumberFault, parse_400
from routing.plan import Plan

WARN_DAYS: Final = 30
"""How long before its end an authorisation is warned of (W3)."""

_SPOKEN: Final = (
    *(BUSY_PROMPT, NOT_ALLOWED_PROMPT, PLACE_PROMPT),
    *map(PromptName, ("welcome", "menu", "extension-menu", "password", "password-wrong", "menu-timeout", "menu-wrong")),
    *map(PromptName, ("voicemail-greeting", "recorded")),
)

BUILT_IN: Final = frozenset(
    {
        *_SPOKEN,
        *(PromptName(f"{prompt}-en") for prompt in _SPOKEN),
        *(RINGING_TONE, *map(PromptName, ("beep", "queue-music", "transfer-music"))),
        *(PromptName(f"number-{n}") for n in range(1, 1001)),
    }
)
"""Prompts that every subscriber has, in Mandarin and (`-en`) in English."""


def targets_alone(plan: Plan) -> Iterator[Finding]:
    """Targets in no hunt, and a target that is this very number."""
    used = {name for node in plan.nodes.values() if isinstance(node, Hunt) for name in node.targets}
    used |= {name for group in plan.extensions.values() for name in plan.group(group).targets}
    for name, target in plan.targets.items():
        if name not in used:
            yield Finding(f"targets.{name}", Doubt.UNUSED_TARGET, "no hunt and no extension leads to it")
        if _is_own(plan, target.address):
            yield Finding(f"targets.{name}", Doubt.OWN_TARGET, "it is the 400 number itself: a call would go round")


def _is_own(plan: Plan, address: str) -> bool:
    try:
        return parse_400(address.removeprefix("sip:").partition("@")[0]) == plan.number
    except NumberFault:
        return False


def waits_too_long(plan: Plan, carrier_wait_s: int) -> Iterator[Finding]:
    """Hunts that, with those before them, may ring for longer than the carrier waits."""
    waits: dict[NodeName, int] = {}
    for name, node in plan.nodes.items():
        if isinstance(node, Hunt):
            seconds = _longest(plan, name, waits)
            if seconds > carrier_wait_s:
                says = f"ringing from here may take {seconds} s; the carrier waits {carrier_wait_s} s"
                yield Finding(f"nodes.{name}", Doubt.LONG_WAIT, says)


def targets_never_rung(plan: Plan) -> Iterator[Finding]:
    """Hunts with more targets than one call may be forwarded to, so that it is busy while targets are free (R12)."""
    most = plan.most_forwards()
    for name, node in plan.nodes.items():
        if isinstance(node, Hunt):
            never = len(node.targets) - (most + 1) * _rung_together(node)
            if never > 0:
                says = f"{never} of its {len(node.targets)} targets are never rung in one call: {most} forwards at most"
                yield Finding(f"nodes.{name}", Doubt.NEVER_RUNG, says)


def _rung_together(hunt: Hunt) -> int:
    return hunt.wave if hunt.order is Order.TOGETHER else 1


def _longest(plan: Plan, name: NodeName, waits: dict[NodeName, int]) -> int:
    """Seconds of ringing from a hunt on, through hunts after it; a node of another kind ends the count."""
    node = plan.nodes[name]
    if not isinstance(node, Hunt):
        return 0
    if name not in waits:
        each = [node.wait_s(plan.targets[target].ring_s) for target in node.targets]
        size = _rung_together(node)
        waves = [max(each[at : at + size]) for at in range(0, len(each), size)]
        after = max((_longest(plan, to, waits) for to in leads_to(plan, name)), default=0)
        waits[name] = sum(waves[: plan.most_forwards() + 1]) + after
    return waits[name]


def prompts_missing(plan: Plan, prompts: Collection[PromptName] | None) -> Iterator[Finding]:
    """Prompts that are neither built in nor in the subscriber's library."""
    if prompts is None:
        return
    named = [
        ("welcome", plan.welcome),
        ("record_prompt", plan.record_prompt),
        *((f"nodes.{n}", one) for n, node in plan.nodes.items() for one in _heard(node)),
    ]
    for path, prompt in named:
        if prompt and prompt not in BUILT_IN and prompt not in prompts:
            yield Finding(path, Doubt.NO_PROMPT, f"the prompt “{prompt}” is not in the library")


def _heard(node: object) -> tuple[PromptName | None, ...]:
    match node:
        case Announcement(prompts=prompts):
            return prompts
        case Menu():
            return (*node.prompts, node.timeout_prompt, node.wrong_prompt)
        case Verify():
            return (node.prompt, node.wrong_prompt)
        case Hunt():
            return (node.ringback, node.announce)
        case Queue(music=prompt) | Voicemail(greeting=prompt) | Release(announce=prompt):
            return (prompt,)
        case _:
            return ()


def facts_of_the_day(plan: Plan, today: date, calendar: Calendar) -> Iterator[Finding]:
    """Authorisations near their end (W3), years that the calendar does not know, areas that do not exist."""
    for name, target in plan.targets.items():
        until = target.authorised_until
        if until is not None and until < today + timedelta(days=WARN_DAYS):
            ended = "ended" if until < today else "ends"
            yield Finding(
                f"targets.{name}.authorised_until", Doubt.AUTHORISATION, f"its authorisation {ended} on {until}"
            )
    years = {today.year, (today + timedelta(days=WARN_DAYS)).year}
    unknown = sorted(year for year in years if not calendar.first_year <= year <= calendar.last_year)
    if unknown and any(window.words for window in windows_of((plan,))):
        says = f"the calendar does not know {unknown[0]}: plain weekdays are used"
        yield Finding("hours", Doubt.CALENDAR, says)
    for area in sorted({area for one in origins_of((plan,)) for area in one.areas} - AREAS.keys()):
        yield Finding("areas", Doubt.NO_AREA, f"there is no area {area}")
