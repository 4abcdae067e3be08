"""The plans of the tests' switch: the real operations, over a store of its own whose clock goes a minute a change."""

import shutil
import weakref
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

from b2bua.admission.served_numbers import Served
from b2bua.api.plan_review import PlanReviewOperations
from b2bua.api.plans import PlanOperations
from b2bua.api.plans_in_force import PlansInForce
from b2bua.config.trunks import Trunk
from b2bua.media.paths import media_paths
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.number_stats import NumberStats
from b2bua.store.plans import Plans
from b2bua.store.store import Store
from b2bua.store.versions import Version
from routing.ids import Number400, TrunkName

PLAN = """\
# 耐思智慧
number = "400-600-1234"
subscriber = "耐思智慧"

[targets]
desk = "010-6552 1234"
night-mobile = { address = "139 1111 2222", ring_s = 20 } # on call

[hunt]
ring_s = 15
"""
NUMBER = Number400("4006001234")
FIRST_MS = 1_763_780_000_000
"""When the first version is published."""


class PlanStore:
    """Operations on plans; `put` publishes as another operator would."""

    def __init__(self, publisher: FeedPublisher) -> None:
        state = Path(mkdtemp(prefix="switch400-"))
        ticks = count()
        store = Store.open(state / "switch400.db", state / "spool")
        weakref.finalize(self, _remove, store, state)
        self._plans = store.plans = Plans(store.engine, lambda: FIRST_MS + 60_000 * next(ticks))
        served: dict[Number400, Served] = {}
        stats = NumberStats(publisher.feed, served)
        self._in_force = PlansInForce(store.plans, served, stats)
        trunks = {name: Trunk(TrunkName(name), ()) for name in ("telecom", "unicom")}
        self.operations: Sequence[object] = (
            PlanOperations(store, self._in_force, publisher),
            PlanReviewOperations(store.plans, media_paths(state), trunks),
        )

    def put(self, text: str, author: str, note: str) -> None:
        """A new version, live at once, and seen in the feed."""
        self._plans.publish([text], author=author, note=note)
        self._in_force.take_in(self._plans.live(NUMBER))

    @property
    def versions(self) -> tuple[Version, ...]:
        """Every version, oldest first."""
        return tuple(reversed(self._plans.history(NUMBER)))

    @property
    def text(self) -> str:
        """The document of the version in force."""
        return self._plans.live(NUMBER).document


def _remove(store: Store, state: Path) -> None:
    store.close()
    shutil.rmtree(state, ignore_errors=True)
