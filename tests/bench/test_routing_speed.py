"""How fast the routing core is: one step, reading and checking a plan, and many plans in memory."""

import time
import tracemalloc
from collections.abc import Callable
from datetime import date
from functools import partial
from statistics import median

import attrs
import pytest

from b2bua.calendar import china
from routing import document, flow
from routing.cause import BUSY
from routing.check import check
from routing.event import Arrived, TargetFailed, TargetRang
from routing.ids import LegId, Number400
from tests.routing.calls import HEAD, facts_of

pytestmark = pytest.mark.bench


def big_document() -> str:
    """A plan with 100 nodes: times and origins in turn, each leading to a hunt and on to the next."""
    text = HEAD + "[targets]\n" + "".join(f'd{n} = "021-6228 83{n:02d}"\n' for n in range(20))
    for n in range(50):
        way = f"c{n + 1}" if n < 49 else "h0"
        fits = f'when = "Mon-Fri {n % 12:02d}:00-{n % 12 + 8:02d}:30"' if n % 2 else f'areas = ["0{310 + n}"]'
        kind = "time" if n % 2 else "origin"
        text += f'[nodes.c{n}]\nkind = "{kind}"\nbranches = [{{ {fits}, then = "h{n}" }}]\notherwise = "{way}"\n'
        text += f'[nodes.h{n}]\nkind = "hunt"\ntargets = ["d{n % 20}", "d{(n + 1) % 20}"]\n'
    return text


def measured(work: Callable[[], object], times: int) -> float:
    """Median seconds of one run."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return median(spent)


def test_one_step() -> None:
    """A step of a plan with 100 nodes: at most 30 µs, median over the steps of a call."""
    plan = document.parse(big_document())
    facts = facts_of(plan)
    state = flow.begin(plan, facts)
    spent = []
    for event in (Arrived(0), TargetRang(1, LegId(1), early_media=False), TargetFailed(2, LegId(1), BUSY)):
        spent.append(measured(partial(flow.step, plan, state, event), 2000))
        state, _ = flow.step(plan, state, event)
    print("step, µs (arrival, ringing, next target):", *(f"{one * 1e6:.1f}" for one in spent))
    assert median(spent) <= 30e-6


def test_reading_and_checking() -> None:
    """Parsing and checking a plan with 100 nodes: at most 20 ms."""
    text = big_document()
    parsed = measured(lambda: document.parse(text), 20)
    plan, calendar = document.parse(text), china()
    checked = measured(lambda: check(plan, date(2026, 4, 15), calendar), 10)
    print(f"parse {parsed * 1e3:.1f} ms, check {checked * 1e3:.1f} ms")
    assert parsed + checked <= 20e-3


def test_many_plans_in_memory() -> None:
    """100,000 plans of ten targets within 1.5 GB (measured on 2,000), and one found in constant time."""
    text = HEAD + "[targets]\n" + "".join(f'd{n} = "021-6228 83{n:02d}"\n' for n in range(10))
    plain = document.to_plain(document.parse(text))
    tracemalloc.start()
    plans = {}
    for at in range(2000):
        plan = document.from_plain({**plain, "number": f"4006{at:06d}"})
        plans[plan.number] = plan
    per_plan = tracemalloc.get_traced_memory()[0] / len(plans)
    tracemalloc.stop()
    found = measured(lambda: plans[Number400("4006001234")], 1000)
    total = per_plan * 100_000 / 2**30
    told = f"{per_plan / 1024:.1f} KiB a plan, {total:.2f} GiB for 100,000; found in {found * 1e9:.0f} ns"
    print(told)
    assert per_plan * 100_000 <= 1.5e9
    assert attrs.asdict(plans[Number400("4006001234")], recurse=False)["number"] == "4006001234"
