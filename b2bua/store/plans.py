"""Publishes, reads and restores plans (R11, S4).

Rule: a publication is validated whole before anything is written, and takes effect whole or not at all. Every version
is kept. The version published last is live from the next call on.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, select

from b2bua.base.clock import now_ms
from b2bua.base.errors import NotFound
from b2bua.base.serialization import unpack
from b2bua.store.database import writing
from b2bua.store.numbers import NumberState, set_state
from b2bua.store.plan_validation import check
from b2bua.store.publication import Authorship, Published, make_live
from b2bua.store.schema import plans
from b2bua.store.versions import LivePlan, Version, read_live, read_version, select_versions
from routing.document import from_plain
from routing.ids import Number400, PlanHash
from routing.number import print_400
from routing.plan import Plan


class Plans:
    """The plans of one database; `clock` gives UTC epoch milliseconds.

    Every method blocks on the disk: call it from a thread of its own.
    """

    def __init__(self, engine: Engine, clock: Callable[[], int] = now_ms) -> None:
        self._engine = engine
        self._clock = clock

    def publish(
        self,
        documents: Sequence[str],
        *,
        sources: Sequence[str] = (),
        author: str,
        note: str = "",
        number_state: NumberState | None = None,
        based_on: PlanHash | None = None,
    ) -> tuple[Published, ...]:
        """Make these documents live, all or none; returns one result for each, in order of number.

        A number that is new here is active unless `number_state` says otherwise; one that is known keeps its
        state unless it does. `based_on` is the hash of the live plan that the one document was made from,
        empty for a number that is new; None to publish over whatever is live. Raises PlanFaults with the
        faults of all documents, each after its source (as `check`), and Conflict if another plan than `based_on`
        is live.
        """
        checked = check(documents, sources)
        authorship = Authorship(author, self._clock(), note)
        with writing(self._engine) as connection:
            published = tuple(make_live(connection, each, authorship, based_on) for each in checked)
            if number_state is not None:
                for each in checked:
                    set_state(connection, each.plan.number, number_state, who=author, at_ms=authorship.at_ms)
        return published

    def restore(
        self,
        number: Number400,
        version_id: int,
        *,
        author: str,
        note: str = "",
        based_on: PlanHash | None = None,
    ) -> Published:
        """Publish an older version's document again.

        Raises NotFound; PlanFaults if it is no plan any more; Conflict as `publish` does for `based_on`.
        """
        with writing(self._engine) as connection:
            version, text = _version(connection, number, version_id)
            (checked,) = check([text], [f"version {version_id}"])
            return make_live(connection, checked, Authorship(author, self._clock(), note, version.id), based_on)

    def set_state(self, number: Number400, state: NumberState, *, who: str) -> bool:
        """Suspend a number or make it active; False if it was so already. Raises NotFound."""
        with writing(self._engine) as connection:
            return set_state(connection, number, state, who=who, at_ms=self._clock())

    def differences(self, documents: Sequence[str], sources: Sequence[str] = ()) -> tuple[tuple[Number400, bool], ...]:
        """What publishing would do: each document's number, and whether it would change. Raises PlanFaults."""
        live = self.all_live()
        return tuple(
            (each.plan.number, each.plan.number not in live or live[each.plan.number].document != each.text)
            for each in check(documents, sources)
        )

    def live(self, number: Number400) -> LivePlan:
        """A number as it is served now. Raises NotFound."""
        with self._engine.connect() as connection:
            for live in read_live(connection, number):
                return live
        raise NotFound(f"{print_400(number)} is not served here; `switch400 plan list` names those that are")

    def all_live(self) -> dict[Number400, LivePlan]:
        """Every number as it is served now, in order."""
        with self._engine.connect() as connection:
            return {live.number: live for live in read_live(connection)}

    def history(self, number: Number400) -> tuple[Version, ...]:
        """Every version of a number's plan, newest first: the first is live. Raises NotFound."""
        with self._engine.connect() as connection:
            found = tuple(Version(*row) for row in connection.execute(select_versions(number)))
        if not found:
            raise NotFound(f"{print_400(number)} has no plan here; `switch400 plan list` names those that have")
        return found

    def version(self, number: Number400, version_id: int) -> tuple[Version, str]:
        """A version of a number's plan, and its document. Raises NotFound."""
        with self._engine.connect() as connection:
            return _version(connection, number, version_id)

    def by_hash(self, plan_hash: PlanHash) -> Plan:
        """The plan that a call record names, live or not. Raises NotFound."""
        with self._engine.connect() as connection:
            plain = connection.scalar(select(plans.c.plain).where(plans.c.hash == plan_hash))
        if plain is None:
            raise NotFound(f"no plan with the hash {plan_hash} was ever published here")
        return from_plain(unpack(plain))


def _version(connection: Connection, number: Number400, version_id: int) -> tuple[Version, str]:
    found = read_version(connection, version_id)
    if found is None or found[0].number != number:
        raise NotFound(f"{print_400(number)} has no version {version_id}; `switch400 plan history {number}` lists them")
    return found
