"""Raises and clears the alarms that follow from the state of the switch: store, pool, disk, plans, long calls.

Rule: an alarm is a condition that is checked each second or (what needs the disk) each minute. It is raised once when
the condition begins and cleared when it is over. Nothing is done about the condition here.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs
import trio

from b2bua.admission.holidays import china
from b2bua.admission.served_numbers import Served
from b2bua.base.clock import now_ms
from b2bua.console.rows import Level, PoolRow
from b2bua.media.paths import MediaPaths
from b2bua.monitoring.feed_publisher import ActiveAlarm, FeedPublisher
from b2bua.records.call_record import CallRecord
from b2bua.store.writer import Health
from routing.check import check
from routing.check.static_checks import WARN_DAYS, prompts_missing
from routing.document import from_plain
from routing.ids import Number400, PlanHash, PromptName
from routing.number import print_400, print_address
from routing.plan import Plan

INSPECTION_EVERY_S: Final = 60.0
"""How often the disk and the plans in effect are inspected."""
LONG_CALL_MS: Final = 4 * 3_600_000
"""A call that is up for longer than this was probably forgotten by a far end."""
CRASH_SHOWN_MS: Final = 10 * 60_000
"""How long the last crash of a call process stays an alarm."""
NEARLY_FULL: Final = 0.9
"""From this share of the processes in use on, the pool is nearly full."""
LOW_DISK: Final = ((0.01, 100_000_000, Level.ALARM), (0.05, 1_000_000_000, Level.WARNING))
"""An alarm of this level if less than this share of the disk, and fewer than so many bytes, are free."""

_log = logging.getLogger(__name__)


def free_bytes(folder: Path) -> tuple[int, int]:
    """Free and total bytes of the disk that a folder is on. Raises OSError."""
    total, _, free = shutil.disk_usage(folder)
    return free, total


@attrs.frozen
class Inspection:
    """What an inspection found: alarms, and how many findings the check has for each number's plan."""

    disk: list[ActiveAlarm]
    prompts: list[ActiveAlarm]
    authorisations: list[ActiveAlarm]
    findings: dict[Number400, int]


class Alarms:
    """Keeps the alarms of one switch.

    `pool` gives the pool's row, `served` are the numbers in service, `warn` gets the number of findings of the check
    for a number's plan, `free` gives free and total bytes of the disk under a folder, `now_ms` is wall time (UTC epoch
    milliseconds).
    """

    def __init__(
        self,
        publisher: FeedPublisher,
        pool: Callable[[], PoolRow],
        state: Path,
        paths: MediaPaths,
        served: Mapping[Number400, Served],
        warn: Callable[[Number400, int], None],
        free: Callable[[Path], tuple[int, int]] = free_bytes,
        now_ms: Callable[[], int] = now_ms,
    ) -> None:
        self._publisher = publisher
        self._pool = pool
        self._state = state
        self._paths = paths
        self._served = served
        self._warn = warn
        self._free = free
        self._now_ms = now_ms
        self._plans: dict[PlanHash, Plan] = {}
        self._checked: dict[tuple[PlanHash, date, frozenset[PromptName]], int] = {}
        self._crashes = 0
        self._crashed_ms = 0

    def each_second(self, health: Health, oldest: CallRecord | None) -> None:
        """Check what needs no disk: the record store, the pool, the `oldest` call that is up."""
        self._publisher.set_alarms("store", _store(health))
        self._publisher.set_alarms("pool-full", _pool_full(self._pool()))
        self._publisher.set_alarms("record-open", _long_call(oldest, self._now_ms()))
        self._publisher.set_alarms("process-crashed", self._crashed(self._pool().crashed))

    async def run(self) -> None:
        """Inspect the disk and the plans in effect, in a thread, each minute until cancelled."""
        while True:
            try:
                found = await trio.to_thread.run_sync(self.inspect, list(self._served.values()))
            except Exception as fault:  # noqa: BLE001 - a disk or database that is gone must not end the calls
                _log.warning("the disk and the plans could not be inspected: %r", fault)
            else:
                self._publisher.set_alarms("disk-full", found.disk)
                self._publisher.set_alarms("prompt-missing", found.prompts)
                self._publisher.set_alarms("authorisation", found.authorisations)
                for number, count in found.findings.items():
                    self._warn(number, count)
            await trio.sleep(INSPECTION_EVERY_S)

    def inspect(self, served: list[Served]) -> Inspection:
        """Check the disk, and the plans of these numbers. Blocks. Raises OSError.

        A plan that has not changed is not checked again on the same day.
        """
        self._plans = {one.plan_hash: self._plans.get(one.plan_hash) or from_plain(one.plain()) for one in served}
        at_s = self._now_ms() / 1000
        earlier, self._checked = self._checked, {}
        found = Inspection(list(self._disk()), [], [], {})
        for plan_hash, plan in self._plans.items():
            prompts = self._prompts(plan)
            today = datetime.fromtimestamp(at_s, plan.timezone()).date()
            key = (plan_hash, today, prompts)
            count = earlier.get(key)
            if count is None:
                count = len(check(plan, today, china(), prompts=prompts))
            self._checked[key] = found.findings[plan.number] = count
            found.prompts.extend(_missing_prompts(plan, prompts))
            found.authorisations.extend(_authorisations(plan, today))
        return found

    def _crashed(self, crashes: int) -> Iterator[ActiveAlarm]:
        at_ms = self._now_ms()
        if crashes > self._crashes:
            self._crashes, self._crashed_ms = crashes, at_ms
        if self._crashes and at_ms - self._crashed_ms < CRASH_SHOWN_MS:
            yield ActiveAlarm("processes", f"{self._crashes} call processes died since the start: see the log")

    def _disk(self) -> Iterator[ActiveAlarm]:
        free, total = self._free(self._state)
        for share, least, level in LOW_DISK:
            if free < share * total and free < least:
                yield ActiveAlarm(str(self._state), f"{free // 1_000_000} MB are free ({free / total:.1%})", level)
                return

    def _prompts(self, plan: Plan) -> frozenset[PromptName]:
        """The prompts for which this number has a file of its own, or there is a common one."""
        folders = (folder for common in self._paths.prompts for folder in (common / plan.number, common))
        return frozenset(PromptName(file.stem) for folder in folders for file in folder.glob("*.wav"))


def _store(health: Health) -> Iterator[ActiveAlarm]:
    if not health.healthy:
        yield ActiveAlarm("records", f"no new calls are taken: {health.reason}")


def _pool_full(row: PoolRow) -> Iterator[ActiveAlarm]:
    if row.used >= row.ceiling:
        yield ActiveAlarm("processes", f"all {row.ceiling} call processes have a call: new calls get 503")
    elif row.used >= NEARLY_FULL * row.ceiling:
        yield ActiveAlarm("processes", f"{row.used} of {row.ceiling} call processes have a call", Level.WARNING)


def _long_call(oldest: CallRecord | None, at_ms: int) -> Iterator[ActiveAlarm]:
    if oldest is not None and at_ms - oldest.accepted_ms >= LONG_CALL_MS:
        number, caller = print_400(Number400(oldest.number)), print_address(oldest.caller)
        text = f"the call of {caller} to {number} is up for {(at_ms - oldest.accepted_ms) // 3_600_000} hours"
        yield ActiveAlarm(oldest.call_id, text, Level.WARNING)


def _missing_prompts(plan: Plan, prompts: frozenset[PromptName]) -> Iterator[ActiveAlarm]:
    for finding in prompts_missing(plan, prompts):
        yield ActiveAlarm(f"{print_400(plan.number)} {finding.path}", finding.says, Level.WARNING)


def _authorisations(plan: Plan, today: date) -> Iterator[ActiveAlarm]:
    """Targets whose owner's authorisation (W3) has ended or is about to."""
    for name, target in plan.targets.items():
        until = target.authorised_until
        if until is not None and until < today + timedelta(days=WARN_DAYS):
            says, level = ("ended", Level.ALARM) if until < today else ("ends", Level.WARNING)
            yield ActiveAlarm(f"{print_400(plan.number)} {name}", f"its authorisation {says} on {until}", level)
