"""Loads the live plans of the store into memory, and so brings them into effect.

Rule: a plan or a state is on disk before it is in effect, and in effect for the next call before the reply is sent
(R11).
"""

from b2bua.admission.served_numbers import Served
from b2bua.api.dispatch import in_thread
from b2bua.monitoring.number_stats import NumberStats
from b2bua.store.plans import Plans
from b2bua.store.versions import LivePlan
from routing.ids import Number400


class PlansInForce:
    """Keeps `numbers`, which call admission reads, and the consoles' rows of them equal to the store."""

    def __init__(self, plans: Plans, numbers: dict[Number400, Served], stats: NumberStats) -> None:
        self._plans = plans
        self._numbers = numbers
        self._stats = stats

    async def load(self) -> None:
        """Bring every number's live plan into effect: O(numbers), once at the start."""
        for live in (await in_thread(self._plans.all_live)).values():
            self.take_in(live)

    async def reload(self, number: Number400) -> None:
        """Load the plan and state of one number again."""
        self.take_in(await in_thread(lambda: self._plans.live(number)))

    def take_in(self, live: LivePlan) -> None:
        """Bring a live plan of the store into effect."""
        self._numbers[live.number] = Served.of(live)
        self._stats.show(live.number)
