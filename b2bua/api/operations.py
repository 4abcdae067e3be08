"""What people ask of the switch over the control protocol (`b2bua.api.verbs` says what each verb takes and gives).

Rule: a plan or a state is on disk before it is in effect, and in effect for the next call before the reply is sent
(R11).
"""

from collections.abc import Awaitable, Callable
from typing import Any

import trio

from b2bua.admission.call_admission import CallAdmission
from b2bua.admission.peer_status import PeerStatus
from b2bua.admission.served_numbers import Served
from b2bua.api.verbs import Operator, Refusal, Verb, listed, wanted
from b2bua.base.clock import now_ms
from b2bua.base.errors import StoreError
from b2bua.console.protocol import Fault
from b2bua.console.rows import GATEWAYS, TRUNKS, Level, Service
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.number_stats import NumberStats
from b2bua.store.audit import AuditEntry
from b2bua.store.numbers import NumberState
from b2bua.store.publication import Published
from b2bua.store.store import Store
from routing.document import PlanFaults
from routing.ids import Number400, PlanHash
from routing.number import NumberFault, parse_400, print_400

Args = dict[str, Any]


class Operations:
    """Verbs that change or show plans, numbers and neighbours. What waits for the disk does so in a thread."""

    def __init__(
        self, store: Store, desk: CallAdmission, board: NumberStats, neighbourhood: PeerStatus, live: FeedPublisher
    ) -> None:
        self._store = store
        self._plans = store.plans
        self._desk = desk
        self._board = board
        self._neighbourhood = neighbourhood
        self._live = live

    def verbs(self) -> dict[str, Verb]:
        """These verbs."""
        return {
            "plan.show": self._show,
            "plan.history": self._history,
            "plan.publish": self._publish,
            "plan.restore": self._restore,
            "number.state": self._set_state,
            "trunk.set": self._service_of(TRUNKS),
            "gateway.set": self._service_of(GATEWAYS),
        }

    async def load_numbers(self) -> None:
        """Bring every number's live plan into memory and effect (O(numbers), once at the start)."""
        for live in (await trio.to_thread.run_sync(self._plans.all_live)).values():
            self._serve(Served.of(live))

    def _serve(self, served: Served) -> None:
        self._desk.numbers[served.number] = served
        self._board.show(served.number)

    async def _reload(self, number: Number400) -> Served:
        served = Served.of(await _in_thread(self._plans.live, number))
        self._serve(served)
        return served

    async def _publish(self, args: Args, who: Operator) -> Any:
        """One document as `text`, or several as `documents` with their `sources`, for faults to name."""
        documents = [wanted(args, "text", str)] if "text" in args else listed(args, "documents")
        sources, note = listed(args, "sources"), wanted(args, "note", str, "")
        base = _base(args)
        published: tuple[Published, ...] = await _in_thread(
            lambda: self._plans.publish(
                documents,
                sources=sources,
                author=who.name,
                note=note,
                based_on=base,
            )
        )
        for each in published:
            await self._reload(each.version.number)
            if each.changed:
                self._told(each, who)
        rows = [_row(each) for each in published]
        return rows[0] if "text" in args else rows

    async def _restore(self, args: Args, who: Operator) -> Any:
        number, note = _number(args), wanted(args, "note", str, "")
        version_id = wanted(args, "version", int) if args.get("version") is not None else None
        if version_id is None:
            history = await _in_thread(self._plans.history, number)
            matching = [version.id for version in history if version.plan_hash == args.get("plan_hash")]
            if not matching:
                raise Refusal(f"{print_400(number)} never had the plan {args.get('plan_hash')}")
            version_id = matching[0]
        base = _base(args)
        published = await _in_thread(
            lambda: self._plans.restore(number, version_id, author=who.name, note=note, based_on=base)
        )
        await self._reload(number)
        if published.changed:
            self._told(published, who)
        return _row(published)

    def _told(self, published: Published, who: Operator) -> None:
        version = published.version
        text = f"{print_400(version.number)} has a new plan {version.plan_hash[:8]}: {version.note}"
        self._live.log(Level.NOTE, "plan-published", text, number=version.number, who=who.name)

    async def _show(self, args: Args, _: Operator) -> Any:
        number = _number(args)
        older = wanted(args, "plan_hash", str, "")
        live = await _in_thread(self._plans.live, number)
        version, text = live.version, live.document
        if older and older != version.plan_hash:
            history = await _in_thread(self._plans.history, number)
            found = next((each for each in history if each.plan_hash == older), None)
            if found is None:
                raise Refusal(f"{print_400(number)} never had the plan {older}")
            version, text = await _in_thread(self._plans.version, number, found.id)
        return {
            "number": number,
            "text": text,
            "plan_hash": version.plan_hash,
            "at_ms": version.at_ms,
            "author": version.author,
            "note": version.note,
        }

    async def _history(self, args: Args, _: Operator) -> Any:
        versions = await _in_thread(self._plans.history, _number(args))
        return {
            "versions": [
                {
                    "version": version.id,
                    "plan_hash": version.plan_hash,
                    "at_ms": version.at_ms,
                    "author": version.author,
                    "note": version.note,
                    "live": place == 0,
                }
                for place, version in enumerate(versions)
            ]
        }

    async def _set_state(self, args: Args, who: Operator) -> None:
        number = _number(args)
        try:
            state = NumberState(args.get("state", ""))
        except ValueError as error:
            raise Refusal(f"a number is {' or '.join(NumberState)}, not {args.get('state')!r}") from error
        await _in_thread(lambda: self._plans.set_state(number, state, who=who.name))
        await self._reload(number)
        self._live.log(Level.NOTE, "number-state", f"{print_400(number)} is {state}", number=number, who=who.name)

    def _service_of(self, topic: str) -> Callable[[Args, Operator], Awaitable[None]]:
        async def set_service(args: Args, who: Operator) -> None:
            name = str(args.get("name", ""))
            try:
                service = Service(args.get("service", ""))
            except ValueError as error:
                raise Refusal(f"service is {' or '.join(Service)}, not {args.get('service')!r}") from error
            kind = topic[:-1]
            if not self._neighbourhood.knows(topic, name):
                raise Refusal(f"there is no {kind} named {name!r}")
            await _in_thread(self._store.note, AuditEntry(now_ms(), who.name, f"{kind}.set", name, service.value))
            self._neighbourhood.set_service(topic, name, service)
            self._live.peers(self._neighbourhood.rows())
            self._live.log(Level.WARNING, "service", f"{kind} {name}: {service}", who=who.name)

        return set_service


def _base(args: Args) -> PlanHash | None:
    """The live plan that the operator has seen: empty for none, None if it does not matter."""
    return PlanHash(wanted(args, "base", str)) if args.get("base") is not None else None


def _number(args: Args) -> Number400:
    try:
        return parse_400(str(args.get("number", "")))
    except NumberFault as fault:
        raise Refusal(str(fault)) from fault


async def _in_thread(do: Callable[..., Any], *args: Any) -> Any:
    """Off the event loop; what the store or the document refuses becomes an answer for a person."""
    try:
        return await trio.to_thread.run_sync(do, *args)
    except PlanFaults as error:
        faults = tuple(Fault(fault.path, fault.problem, fault.mend) for fault in error.faults)
        raise Refusal("the plan has faults; nothing was published", faults) from error
    except StoreError as error:
        raise Refusal(str(error)) from error


def _row(published: Published) -> dict[str, Any]:
    version = published.version
    return {
        "number": version.number,
        "plan_hash": version.plan_hash,
        "version": version.id,
        "changed": published.changed,
    }
