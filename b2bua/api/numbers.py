"""Suspends and activates 400 numbers."""

from b2bua.api.dispatch import Asker, implements, in_thread
from b2bua.api.plans_in_force import PlansInForce
from b2bua.api.requests.numbers import NumberStateSet, SetNumberState
from b2bua.console.rows import Level
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.numbers import NumberState
from b2bua.store.store import Store
from routing.number import print_400


class NumberOperations:
    """Operations on 400 numbers."""

    def __init__(self, store: Store, in_force: PlansInForce, publisher: FeedPublisher) -> None:
        self._store = store
        self._in_force = in_force
        self._publisher = publisher

    @implements
    async def set_state(self, request: SetNumberState, asker: Asker) -> NumberStateSet:
        """Audited in the transaction that changes it, if it changes."""
        number, state = request.number, NumberState(request.state.value)
        changed = await in_thread(lambda: self._store.plans.set_state(number, state, who=asker.name))
        await self._in_force.reload(number)
        if changed:
            text = f"{print_400(number)} is {state}"
            self._publisher.log(Level.NOTE, "number-state", text, number=number, who=asker.name)
        return NumberStateSet(changed)
