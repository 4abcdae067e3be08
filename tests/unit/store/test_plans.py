"""Plans in the store: all or nothing, every version kept, no change lost to another's."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from b2bua.base.errors import Conflict, NotFound
from b2bua.store import audit
from b2bua.store.numbers import NumberState
from b2bua.store.plans import Plans
from b2bua.store.round_robin import take_place
from b2bua.store.schema import plans as plans_table
from b2bua.store.store import Store
from routing.document import PlanFaults, content_hash, from_plain, parse
from routing.ids import NodeName, Number400, PlanHash
from tests.support.samples import document

NUMBER = Number400("4006001234")
OTHER = Number400("4008001111")


@pytest.mark.req("R11", "S4")
def test_published_is_live_for_the_next_call(store: Store) -> None:
    """What was published is what the next look at the number gives, as text and as a plan."""
    (published,) = store.plans.publish([document()], author="li", note="first")
    live = store.plans.live(NUMBER)
    assert published.changed
    assert (live.version, live.document, live.state) == (published.version, document(), NumberState.ACTIVE)
    assert from_plain(live.plain) == parse(document())
    assert live.version.plan_hash == content_hash(parse(document()))
    assert store.plans.all_live() == {NUMBER: live}


@pytest.mark.req("R11")
def test_identical_document_is_no_new_version(store: Store) -> None:
    """Publishing what is live already changes nothing and says so; new comments are a new version of the same plan."""
    (first,) = store.plans.publish([document()], author="li")
    (again,) = store.plans.publish([document()], author="wang")
    assert (again.version, again.changed) == (first.version, False)
    (commented,) = store.plans.publish(["# for the fair\n" + document()], author="wang")
    assert commented.changed
    assert commented.version.plan_hash == first.version.plan_hash
    with store.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(plans_table)) == 1


@pytest.mark.req("R11", "S4")
def test_one_faulty_document_stops_all(store: Store) -> None:
    """Of a group with faults nothing is published, every fault of every file is told, and the old plans stay."""
    store.plans.publish([document()], author="li")
    before = store.plans.all_live()
    texts = [document(target="138 0013 8000"), 'number = "400"\n', document("400-800-1111", target="nonsense")]
    with pytest.raises(PlanFaults) as caught:
        store.plans.publish(texts, sources=["a.toml", "b.toml", "c.toml"], author="li")
    files = {fault.path.partition(": ")[0] for fault in caught.value.faults}
    assert files == {"b.toml", "c.toml"}
    assert store.plans.all_live() == before


@pytest.mark.req("S4")
def test_conflict_in_a_group_leaves_nothing_half_published(store: Store) -> None:
    """A conflict found at the second number takes the first one back as well."""
    (first, _) = store.plans.publish([document(), document("400-800-1111")], author="li")
    before = store.plans.all_live()
    changed = [document(target="138 0013 8000"), document("400-800-1111", target="138 0013 8000")]
    with pytest.raises(Conflict):
        store.plans.publish(changed, author="li", based_on=first.version.plan_hash)
    assert store.plans.all_live() == before


@pytest.mark.req("S4")
def test_two_documents_for_one_number_are_a_fault(store: Store) -> None:
    """A group may not say two things about one number; the fault names both files."""
    with pytest.raises(PlanFaults) as caught:
        store.plans.publish([document(), document()], sources=["a.toml", "b.toml"], author="li")
    (fault,) = caught.value.faults
    assert (fault.path, "a.toml" in fault.problem) == ("b.toml: number", True)


@pytest.mark.req("S4", "R11")
def test_two_publishers_race(store: Store) -> None:
    """Two people change the same live plan at once: one is published, the other is told, and nothing is lost."""
    (first,) = store.plans.publish([document()], author="li")
    gate = Barrier(2)
    outcomes: list[str] = []

    def publish(target: str) -> None:
        gate.wait()
        try:
            store.plans.publish([document(target=target)], author=target, based_on=first.version.plan_hash)
            outcomes.append("published")
        except Conflict as conflict:
            outcomes.append("told" if "meanwhile" in str(conflict) else str(conflict))

    threads = [Thread(target=publish, args=(target,)) for target in ("138 0013 8000", "139 0013 9000")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["published", "told"]
    assert len(store.plans.history(NUMBER)) == 2


@pytest.mark.req("S4", "N7")
def test_restoring_overwrites_nothing_unseen(store: Store) -> None:
    """Who restores says over which version; if another one is live by then they are told, and nothing is restored."""
    (first,) = store.plans.publish([document()], author="li")
    (second,) = store.plans.publish([document(target="138 0013 8000")], author="wang")
    with pytest.raises(Conflict, match="meanwhile"):
        store.plans.restore(NUMBER, first.version.id, author="li", based_on=first.version.plan_hash)
    assert store.plans.live(NUMBER).version.plan_hash == second.version.plan_hash
    store.plans.restore(NUMBER, first.version.id, author="li", based_on=second.version.plan_hash)
    assert store.plans.live(NUMBER).version.plan_hash == first.version.plan_hash


def test_based_on_nothing_means_new(store: Store) -> None:
    """An empty base refuses to publish over a number that is there already, and one that is set needs one there."""
    store.plans.publish([document()], author="li", based_on=PlanHash(""))
    with pytest.raises(Conflict, match="li published version"):
        store.plans.publish([document(target="138 0013 8000")], author="wang", based_on=PlanHash(""))
    with pytest.raises(Conflict, match="no live plan"):
        store.plans.publish([document("400-800-1111")], author="wang", based_on=PlanHash("ab" * 32))


@pytest.mark.req("R11", "S4")
def test_history_and_restore(store: Store) -> None:
    """Every version is kept with author, time and note; an old one comes back as a new version that names it."""
    times = iter(range(1000, 2000))
    plans = Plans(store.engine, lambda: next(times))
    (first,) = plans.publish([document()], author="li", note="opening")
    (second,) = plans.publish([document(target="138 0013 8000")], author="wang", note="moved")
    restored = plans.restore(NUMBER, first.version.id, author="li", note="back")
    assert plans.history(NUMBER) == (restored.version, second.version, first.version)
    assert restored.version.restored_from == first.version.id
    assert (plans.live(NUMBER).document, plans.live(NUMBER).version) == (document(), restored.version)
    assert plans.version(NUMBER, second.version.id) == (second.version, document(target="138 0013 8000"))
    assert plans.by_hash(second.version.plan_hash) == parse(document(target="138 0013 8000"))
    assert [version.at_ms for version in plans.history(NUMBER)] == [1002, 1001, 1000]


def test_what_is_not_there_is_said(store: Store) -> None:
    """Numbers, versions and hashes that the store does not have are refused by name; so is another number's version."""
    store.plans.publish([document("400-800-1111")], author="li")
    (theirs,) = store.plans.history(OTHER)
    with pytest.raises(NotFound, match="400-600-1234 is not served"):
        store.plans.live(NUMBER)
    with pytest.raises(NotFound, match="has no plan"):
        store.plans.history(NUMBER)
    with pytest.raises(NotFound, match="no version"):
        store.plans.restore(NUMBER, theirs.id, author="li")
    with pytest.raises(NotFound, match="no version"):
        store.plans.version(NUMBER, 99)
    assert store.plans.version(OTHER, theirs.id) == (theirs, document("400-800-1111"))
    with pytest.raises(NotFound, match="no plan with the hash"):
        store.plans.by_hash(PlanHash("00" * 32))
    with pytest.raises(NotFound, match="publish a plan"):
        store.plans.set_state(NUMBER, NumberState.SUSPENDED, who="li")


@pytest.mark.req("N7")
def test_number_survives_a_move(store: Store) -> None:
    """Changing every target and suspending in between leaves number, state and the whole history in place."""
    store.plans.publish([document()], author="li")
    assert store.plans.set_state(NUMBER, NumberState.SUSPENDED, who="wang")
    assert not store.plans.set_state(NUMBER, NumberState.SUSPENDED, who="wang")
    store.plans.publish([document(target="0755-1234 5678", subscriber="新名公司")], author="li")
    live = store.plans.live(NUMBER)
    assert (live.state, live.subscriber) == (NumberState.SUSPENDED, "新名公司")
    assert len(store.plans.history(NUMBER)) == 2
    with store.engine.connect() as connection:
        deeds = [(entry.who, entry.operation, entry.fields) for entry in audit.entries(connection, NUMBER)]
    assert [(who, verb) for who, verb, _ in deeds] == [
        ("li", "plan.publish"),
        ("wang", "number.state"),
        ("li", "plan.publish"),
    ]
    assert deeds[1][2] == {"before": "active", "state": "suspended"}


def test_places_have_no_gap_and_no_repeat(store: Store) -> None:
    """Calls that reach a node at once from several threads get every place exactly once."""
    taken: list[int] = []

    def take() -> None:
        taken.extend(take_place(store.engine, NUMBER, NodeName("split")) for _ in range(20))

    threads = [Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(60))
    assert take_place(store.engine, OTHER, NodeName("split")) == 0
