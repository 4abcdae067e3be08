"""Looks for what wants a person and nobody would tell of: a full pool or disk, a call forgotten, a plan gone stale.

Rule: every alarm is a condition that is looked at anew, each second or (what asks the disk) each minute; it is raised
once when it begins and calmed when it is over. Nothing is done about it here.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import trio

from b2bua.admission.holidays import china
from b2bua.admission.served_numbers import Served
from b2bua.base.clock import now_ms
from b2bua.console.rows import Level, PoolRow
from b2bua.media.paths import MediaPaths
from b2bua.monitoring.feed_publisher import FeedPublisher, StandingAlarm
from b2bua.records.call_record import CallRecord
from b2bua.store.writer import Health
from routing.check import check
from routing.check.static_checks import WARN_DAYS, prompts_missing
from routing.document import from_plain
from routing.ids import Number400, PlanHash, PromptName
from routing.number import print_400, print_address
from routing.plan import Plan

PATROL_S: Final = 60.0
OLD_RECORD_MS: Final = 4 * 3_600_000
"""A call up for longer than this is likelier forgotten by a far end than talked on."""
CRASH_SHOWN_MS: Final = 10 * 60_000
"""How long the last unexpected death of a call process stays an alarm."""
NEARLY_FULL: Final = 0.9
LOW_DISK: Final = ((0.01, 100_000_000, Level.ALARM), (0.05, 1_000_000_000, Level.WARNING))
"""Below this share and this many bytes free: how loud."""

_log = logging.getLogger(__name__)


def free_bytes(folder: Path) -> tuple[int, int]:
    """Free and total bytes of the disk that a folder is on."""
    total, _, free = shutil.disk_usage(folder)
    return free, total


Seen = tuple[list[StandingAlarm], list[StandingAlarm], list[StandingAlarm], dict[Number400, int]]
"""Alarms of the disk, of prompts, of authorisations; and how many things are suspicious in each number's plan."""


class Alarms:
    """Keeps the alarms of one switch.

    `pool` says how the call processes stand, `served` are the numbers in service, `warn` is told how many things are
    suspicious in a number's plan, `free` tells free and total bytes of the disk under a folder.
    """

    def __init__(
        self,
        live: FeedPublisher,
        pool: Callable[[], PoolRow],
        state: Path,
        shelves: MediaPaths,
        served: Mapping[Number400, Served],
        warn: Callable[[Number400, int], None],
        free: Callable[[Path], tuple[int, int]] = free_bytes,
    ) -> None:
        self._live = live
        self._pool = pool
        self._state = state
        self._shelves = shelves
        self._served = served
        self._warn = warn
        self._known: dict[PlanHash, Plan] = {}
        self._checked: dict[tuple[PlanHash, date, frozenset[PromptName]], int] = {}
        self._free = free
        self._crashes = 0
        self._crashed_ms = 0

    def look(self, health: Health, oldest: CallRecord | None) -> None:
        """Once a second: what costs nothing to see."""
        self._live.alarms("store", () if health.healthy else (_store(health),))
        self._live.alarms("pool-full", self._pool_full())
        self._live.alarms("record-open", _forgotten(oldest))
        self._live.alarms("process-crashed", self._crash())

    async def patrol(self) -> None:
        """Once a minute, in a thread: the disk, and whether the live plans still stand. Until cancelled."""
        while True:
            try:
                served = list(self._served.values())
                disk, prompts, rights, warnings = await trio.to_thread.run_sync(self._inspect, served)
            except Exception as fault:  # noqa: BLE001 - a disk or database that is gone must not end the calls
                _log.warning("the lookout saw nothing this time: %r", fault)
            else:
                self._live.alarms("disk-full", disk)
                self._live.alarms("prompt-missing", prompts)
                self._live.alarms("authorisation", rights)
                for number, count in warnings.items():
                    self._warn(number, count)
            await trio.sleep(PATROL_S)

    def _pool_full(self) -> Iterator[StandingAlarm]:
        row = self._pool()
        if row.used >= row.ceiling:
            yield StandingAlarm("processes", f"all {row.ceiling} call processes have a call: new calls get 503")
        elif row.used >= NEARLY_FULL * row.ceiling:
            yield StandingAlarm("processes", f"{row.used} of {row.ceiling} call processes have a call", Level.WARNING)

    def _crash(self) -> Iterator[StandingAlarm]:
        if (crashes := self._pool().crashed) > self._crashes:
            self._crashes, self._crashed_ms = crashes, now_ms()
        if self._crashed_ms and now_ms() - self._crashed_ms < CRASH_SHOWN_MS:
            yield StandingAlarm("processes", f"{self._crashes} call processes died since the start: see the log")

    def _inspect(self, served: list[Served]) -> Seen:
        self._known = {one.plan_hash: self._known.get(one.plan_hash) or from_plain(one.plain()) for one in served}
        plans = list(self._known.values())
        there = {plan.number: self._there(plan) for plan in plans}
        before, self._checked = self._checked, {}
        warnings: dict[Number400, int] = {}
        for plan_hash, plan in self._known.items():
            today = datetime.now(plan.timezone()).date()
            key = (plan_hash, today, there[plan.number])
            found = before.get(key)
            self._checked[key] = warnings[plan.number] = (
                len(check(plan, today, china(), prompts=there[plan.number])) if found is None else found
            )
        prompts = [cry for plan in plans for cry in _silent(plan, there[plan.number])]
        return list(self._disk()), prompts, [cry for plan in plans for cry in _rights(plan)], warnings

    def _disk(self) -> Iterator[StandingAlarm]:
        free, total = self._free(self._state)
        for share, least, level in LOW_DISK:
            if free < share * total and free < least:
                yield StandingAlarm(str(self._state), f"{free // 1_000_000} MB are free ({free / total:.1%})", level)
                return

    def _there(self, plan: Plan) -> frozenset[PromptName]:
        """The prompts for which this number has a file of its own, or there is a common one."""
        places = (place for shelf in self._shelves.prompts for place in (shelf / plan.number, shelf))
        return frozenset(PromptName(file.stem) for place in places for file in place.glob("*.wav"))


def _silent(plan: Plan, there: frozenset[PromptName]) -> Iterator[StandingAlarm]:
    for finding in prompts_missing(plan, there):
        yield StandingAlarm(f"{print_400(plan.number)} {finding.path}", finding.says, Level.WARNING)


def _store(health: Health) -> StandingAlarm:
    return StandingAlarm("records", f"no new calls are taken: {health.reason}")


def _forgotten(oldest: CallRecord | None) -> Iterable[StandingAlarm]:
    if oldest is None or now_ms() - oldest.accepted_ms < OLD_RECORD_MS:
        return ()
    number, caller = print_400(Number400(oldest.number)), print_address(oldest.caller)
    text = f"the call of {caller} to {number} is up for {(now_ms() - oldest.accepted_ms) // 3_600_000} hours"
    return (StandingAlarm(oldest.call_id, text, Level.WARNING),)


def _rights(plan: Plan) -> Iterator[StandingAlarm]:
    """Targets whose owner's authorisation (W3) has ended or is about to."""
    today = datetime.now(plan.timezone()).date()
    for name, target in plan.targets.items():
        until = target.authorised_until
        if until is not None and until < today + timedelta(days=WARN_DAYS):
            says, level = ("ended", Level.ALARM) if until < today else ("ends", Level.WARNING)
            yield StandingAlarm(f"{print_400(plan.number)} {name}", f"its authorisation {says} on {until}", level)
