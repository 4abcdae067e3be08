"""Where a command hands in a change of plans: at the running daemon, or at the store if none runs.

Rule: a running daemon is always asked, so that it learns of the change at once; the store is written directly only
when nobody listens on the control socket.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from b2bua.cli.place import Place
from b2bua.control.client import Client, DaemonGone, Refused
from b2bua.store.numbers import NumberState
from b2bua.store.publication import Published
from b2bua.store.store import Store
from routing.document import Fault, PlanFaults
from routing.ids import Number400


class PlanDesk(Protocol):
    """Takes changes of plans; `b2bua.store.plans.Plans` does, and says what each of them means and raises."""

    def publish(
        self, documents: Sequence[str], *, sources: Sequence[str] = (), author: str, note: str = ""
    ) -> tuple[Published, ...]:
        """Make these documents live, all or none."""

    def restore(self, number: Number400, version_id: int, *, author: str, note: str = "") -> Published:
        """Publish an older version again."""

    def set_state(self, number: Number400, state: NumberState, *, who: str) -> bool:
        """Suspend a number or make it active."""


class DaemonDesk:
    """Asks a running daemon; what stands afterwards is read from the store that both share."""

    def __init__(self, place: Place, store: Store) -> None:
        self._place = place
        self._store = store

    def publish(
        self, documents: Sequence[str], *, sources: Sequence[str] = (), author: str, note: str = ""
    ) -> tuple[Published, ...]:
        """Make these documents live, all or none (`plan.publish`)."""
        planned = dict(self._store.plans.differences(documents, sources))
        self._ask("plan.publish", author, documents=list(documents), sources=list(sources), note=note)
        return tuple(Published(self._store.plans.live(number).version, changed) for number, changed in planned.items())

    def restore(self, number: Number400, version_id: int, *, author: str, note: str = "") -> Published:
        """Publish an older version again (`plan.restore`)."""
        version, text = self._store.plans.version(number, version_id)
        changed = self._store.plans.live(number).document != text
        self._ask("plan.restore", author, number=number, version=version.id, plan_hash=version.plan_hash, note=note)
        return Published(self._store.plans.live(number).version, changed)

    def set_state(self, number: Number400, state: NumberState, *, who: str) -> bool:
        """Suspend a number or make it active (`number.state`)."""
        if self._store.plans.live(number).state is state:
            return False
        self._ask("number.state", who, number=number, state=state.value)
        return True

    def _ask(self, verb: str, who: str, **arguments: Any) -> None:
        try:
            with Client.connect(self._place.control, who=who) as client:
                client.request(verb, arguments)
        except Refused as refused:
            if not refused.faults:
                raise
            faults = (Fault(fault.path, fault.problem, fault.mend) for fault in refused.faults)
            raise PlanFaults(tuple(faults)) from refused


def open_plans(place: Place, store: Store) -> PlanDesk:
    """Where changes of the switch at this place are handed in. Raises DaemonGone if its daemon does not answer."""
    try:
        Client.connect(place.control).close()
    except DaemonGone as gone:
        if isinstance(gone.__cause__, FileNotFoundError | ConnectionRefusedError):
            return store.plans
        raise
    return DaemonDesk(place, store)
