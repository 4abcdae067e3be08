"""Documents that nobody has published yet: checked, compared with what is in force, and tried on a call (N8, T3)."""

from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import TypeVar

import attrs
import pytest

from b2bua.api.dispatch import Asker, Dispatcher
from b2bua.api.plans_in_force import PlansInForce
from b2bua.api.requests.audit import FindAudit
from b2bua.api.requests.operation import Operation, Refusal
from b2bua.api.requests.plans import (
    CallExplained,
    CheckPlan,
    ComparePlans,
    ExplainCall,
    PublishPlans,
    RestorePlan,
    Ringing,
    ShowPlan,
    ShowPlanHistory,
)
from b2bua.api.requests.pool import ShowPool
from b2bua.api.stored import stored_operations
from b2bua.config.trunks import Trunk
from b2bua.console.feed import Feed
from b2bua.console.protocol import FaultKind, Role
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.number_stats import NumberStats
from b2bua.store.store import Store
from routing.ids import Number400, TrunkName
from tests.unit.routing.calls import ONE_TARGET, TWO_TARGETS

R = TypeVar("R")
NUMBER = Number400("4006001234")
STRICT = Trunk(TrunkName("strict"), (IPv4Network("192.0.2.0/24"),), mobile_targets=False)


@attrs.frozen
class Asking:
    """The operations over one store, as somebody in a role asks for them."""

    dispatcher: Dispatcher
    role: Role = Role.ADMIN

    async def ask(self, request: Operation[R]) -> R:
        """The reply."""
        return await self.dispatcher.perform(request, Asker("wang", self.role))

    async def refused(self, request: Operation[R]) -> Refusal:
        """The refusal of what must be refused."""
        with pytest.raises(Refusal) as refusal:
            await self.ask(request)
        return refusal.value


@pytest.fixture
def operations(store: Store, tmp_path: Path) -> Asking:
    """An empty store, an empty library of prompts, and one trunk."""
    (tmp_path / "state" / "prompts").mkdir()
    in_force = PlansInForce(store.plans, {}, NumberStats(Feed(), {}))
    return Asking(
        Dispatcher(*stored_operations(store, tmp_path / "state", {"strict": STRICT}, in_force, FeedPublisher()))
    )


@pytest.mark.req("T3")
async def test_a_draft_is_checked(operations: Asking) -> None:
    """Faults come with path and mend; of a sound document, what is suspicious.

    Prompts are looked for in the library.
    """
    sound = await operations.ask(CheckPlan(TWO_TARGETS))
    assert (sound.faults, sound.warnings) == ((), ())
    (fault,) = (await operations.ask(CheckPlan(TWO_TARGETS + "[hunt]\nring_s = 1\n"))).faults
    assert (fault.path, fault.mend) == ("hunt.ring_s", "write 5 to 300 seconds")
    odd = await operations.ask(CheckPlan('welcome = "ours"\n' + TWO_TARGETS + '[hunt]\ntargets = ["mobile"]\n'))
    assert odd.faults == ()
    assert {warning.path for warning in odd.warnings} == {"welcome", "targets.front-desk"}


@pytest.mark.req("T3")
async def test_a_draft_is_compared(operations: Asking) -> None:
    """With the plan in force, if there is one, or with the document that is named."""
    assert (await operations.ask(ComparePlans(TWO_TARGETS))).changes == ()
    await operations.ask(PublishPlans((TWO_TARGETS,)))
    assert (await operations.ask(ComparePlans(TWO_TARGETS))).changes == ()
    changes = (await operations.ask(ComparePlans(TWO_TARGETS.replace("8300", "8399")))).changes
    assert any("021-6228 8399" in change for change in changes)
    assert (await operations.ask(ComparePlans(ONE_TARGET, ONE_TARGET))).changes == ()
    refusal = await operations.refused(ComparePlans(ONE_TARGET, "x"))
    assert (refusal.kind, str(refusal), bool(refusal.faults)) == (FaultKind.BAD_PLAN, "the plan has faults", True)


@pytest.mark.req("N8", "W1")
async def test_a_draft_is_tried_on_a_call(operations: Asking) -> None:
    """What rings, in order, and how it ends, for the caller, time, trunk and busy targets that are named."""

    def rings(explained: CallExplained) -> list[str]:
        return [ringing.target for together in explained.rings for ringing in together]

    usual = await operations.ask(ExplainCall(TWO_TARGETS, caller="02112345678"))
    assert (rings(usual), usual.ending) == (["front-desk"], "connected to front-desk")
    assert usual.rings[0][0] == Ringing("front-desk", "021-6228 8300")
    busy = await operations.ask(ExplainCall(TWO_TARGETS, at="2026-05-01T08:30", busy=("front-desk",)))
    assert (rings(busy), busy.ending) == (["front-desk", "mobile"], "connected to mobile")
    barred = await operations.ask(
        ExplainCall(TWO_TARGETS, at="2026-05-01T08:30Z", busy=("front-desk",), trunk="strict")
    )
    assert rings(barred) == ["front-desk"]
    assert "mobiles" in str(barred.steps)


@pytest.mark.req("N8")
async def test_a_call_that_cannot_be_tried(operations: Asking) -> None:
    """An unknown trunk, a time that is none and a document with faults are each said."""
    unknown = await operations.refused(ExplainCall(TWO_TARGETS, trunk="other"))
    assert (unknown.kind, str(unknown)) == (FaultKind.NOT_FOUND, "there is no trunk named 'other'; there are strict")
    when = await operations.refused(ExplainCall(TWO_TARGETS, at="noon"))
    assert when.kind is FaultKind.BAD_REQUEST
    assert str(when).endswith("write it as 2026-05-01T08:30")
    assert (await operations.refused(ExplainCall("x"))).kind is FaultKind.BAD_PLAN


@pytest.mark.req("T3", "T4")
async def test_versions(operations: Asking) -> None:
    """A version is shown and restored by its id or its plan's hash; one that never was is refused; all is audited."""
    await operations.ask(PublishPlans((ONE_TARGET,), note="first"))
    await operations.ask(PublishPlans((TWO_TARGETS,), note="second"))
    live, first = (await operations.ask(ShowPlanHistory(NUMBER))).versions
    assert (live.note, live.live, first.note, first.live) == ("second", True, "first", False)
    assert (await operations.ask(ShowPlan(NUMBER))).note == "second"
    assert (await operations.ask(ShowPlan(NUMBER, plan_hash=live.plan_hash))).version == live.version
    by_hash = await operations.ask(ShowPlan(NUMBER, plan_hash=first.plan_hash))
    assert (by_hash.version, by_hash.text) == (first.version, (await operations.ask(ShowPlan(NUMBER, version=1))).text)
    assert "never had the plan" in str(await operations.refused(ShowPlan(NUMBER, plan_hash="0" * 64)))
    restored = await operations.ask(RestorePlan(NUMBER, plan_hash=first.plan_hash, note="back"))
    assert (restored.changed, restored.plan_hash) == (True, first.plan_hash)
    assert (await operations.ask(ShowPlanHistory(NUMBER))).versions[0].restored_from == first.version
    newest = (await operations.ask(FindAudit(number=NUMBER))).rows[0]
    assert (newest.operation, newest.subject, newest.who) == ("plan.restore", "400-600-1234", "wang")
    assert "mobile" in newest.before
    assert "mobile" not in newest.after


@pytest.mark.req("T4")
@pytest.mark.parametrize(
    ("role", "request_of", "kind", "sentence"),
    [
        (Role.VIEWER, lambda: PublishPlans((ONE_TARGET,)), FaultKind.FORBIDDEN, "plan.publish needs the role "),
        (Role.ADMIN, ShowPool, FaultKind.UNAVAILABLE, "pool.show needs a running daemon: `switch400 run` starts it"),
        (Role.ADMIN, lambda: ShowPlan(NUMBER), FaultKind.NOT_FOUND, "400-600-1234"),
        (Role.ADMIN, lambda: PublishPlans(("x",)), FaultKind.BAD_PLAN, "the plan has faults; nothing was published"),
    ],
)
async def test_what_is_refused(
    operations: Asking, role: Role, request_of: Callable[[], Operation[object]], kind: FaultKind, sentence: str
) -> None:
    """Who may not, what needs a daemon, what is not there and what has faults: each has its kind and sentence."""
    refusal = await attrs.evolve(operations, role=role).refused(request_of())
    assert refusal.kind is kind
    assert sentence in str(refusal)
