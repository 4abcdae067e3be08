"""The work on one plan without a screen: two operators, drafts on disk, a daemon that refuses or is gone."""

import asyncio
from pathlib import Path
from typing import TypeVar

import attrs
import pytest
import trio

from b2bua.api.dispatch import Asker, Dispatcher
from b2bua.api.requests.operation import AnOperation, Operation, Refusal
from b2bua.api.requests.plans import PublishPlans
from b2bua.console.protocol import Role
from b2bua.monitoring.feed_publisher import FeedPublisher
from routing.ids import PlanHash
from tests.unit.tui.plan_store import PLAN, PlanStore
from tui.model import ConsoleModel, NotDone
from tui.plan.drafts import Draft, Drafts
from tui.plan.edit_session import EditSession
from tui.plan.edit_state import EditState, Version
from tui.plan.heading import overtaken

NUMBER = "4006001234"
R = TypeVar("R")


@attrs.define
class Desk:
    """A link to the plans of a switch, for one operator."""

    plans: PlanStore
    who: str
    up: bool = True
    asked: list[AnOperation] = attrs.field(factory=list)

    async def run(self, model: ConsoleModel) -> None:
        """Nothing comes by itself."""

    async def ask(self, request: Operation[R]) -> R:
        """The reply of the real operations."""
        self.asked.append(request)
        if not self.up:
            raise NotDone("no link")
        try:
            dispatcher, asker = Dispatcher(*self.plans.operations), Asker(self.who, Role.ADMIN)
            return await asyncio.to_thread(trio.run, dispatcher.perform, request, asker)
        except Refusal as refusal:
            raise NotDone(str(refusal), refusal.faults) from refusal

    def now_ms(self) -> int:
        """Time does not matter here."""
        return 0


def one_version() -> PlanStore:
    """One version in force."""
    plans = PlanStore(FeedPublisher())
    plans.put(PLAN, "wang", "first")
    return plans


async def begun(desk: Desk, folder: Path) -> tuple[EditSession, EditState]:
    """An operator who has the plan before them."""
    session = EditSession(ConsoleModel(desk), Drafts(folder / desk.who), NUMBER)
    await session.fetch()
    assert session.edit is not None
    return session, session.edit


@pytest.mark.req("S4")
def test_two_operators_overwrite_nothing_unseen(tmp_path: Path) -> None:
    """The second publisher is refused and told by whom; only after saying that it was seen does theirs replace it."""

    async def job() -> None:
        plans = one_version()
        wang, _ = await begun(Desk(plans, "wang"), tmp_path)
        li, _ = await begun(Desk(plans, "li"), tmp_path)
        wang.typed(PLAN.replace("ring_s = 15", "ring_s = 18"))
        li.typed(PLAN.replace("ring_s = 15", "ring_s = 25"))
        await wang.publish("longer")
        assert li.behind(plans.versions[-1].plan_hash)
        with pytest.raises(NotDone, match="meanwhile"):
            await li.publish("mine")
        await li.fetch()
        assert li.edit is not None
        assert "ring_s = 25" in li.edit.text
        assert "wang" in overtaken(li.edit)
        with pytest.raises(NotDone, match="meanwhile"):
            await li.publish("mine")
        assert [version.author for version in plans.versions] == ["wang", "wang"]
        li.rebase()
        await li.publish("mine after all")
        assert plans.text == PLAN.replace("ring_s = 15", "ring_s = 25")

    asyncio.run(job())


@pytest.mark.req("S4")
def test_a_draft_stays_on_disk_until_it_is_published_or_dropped(tmp_path: Path) -> None:
    """Through a lost link, a refusal for faults and a new start; it is of the version that it was begun from."""

    async def job() -> None:
        desk = Desk(one_version(), "wang")
        drafts = Drafts(tmp_path / "wang")
        session, first = await begun(desk, tmp_path)
        wrong = PLAN.replace("ring_s = 20", "ring_s = 2")
        session.typed(wrong)
        session.keep()
        desk.up = False
        for asked in (session.check(), session.publish("x"), session.fetch()):
            with pytest.raises(NotDone, match="no link"):
                await asked
        desk.up = True
        with pytest.raises(NotDone, match="faults"):
            await session.publish("x")
        assert session.edit is not None
        assert [fault.path for fault in session.edit.faults] == ["targets.night-mobile.ring_s"]
        assert drafts.read(NUMBER) == Draft(wrong, first.base)
        again, found = await begun(desk, tmp_path)
        assert found.text == wrong
        again.typed(PLAN.replace("ring_s = 20", "ring_s = 22"))
        again.keep()
        await again.publish("better")
        assert drafts.read(NUMBER) is None
        await again.fetch()
        again.typed(wrong)
        again.keep()
        again.drop()
        assert drafts.read(NUMBER) is None
        assert again.edit is not None
        assert again.edit.text == desk.plans.text

    asyncio.run(job())


@pytest.mark.req("S4")
def test_the_first_version_overwrites_none_either(tmp_path: Path) -> None:
    """Who saw no version says so (an empty base, not none at all): the store refuses it when one has come meanwhile."""

    async def job() -> None:
        desk = Desk(one_version(), "li")
        session, _ = await begun(desk, tmp_path)
        session.edit = EditState(Version("", "", None, "", ""), PLAN, "")
        with pytest.raises(NotDone, match="meanwhile"):
            await session.publish("mine")
        assert desk.asked[-1] == PublishPlans((PLAN,), note="mine", base=PlanHash(""))

    asyncio.run(job())


def test_a_text_that_is_as_live_again_is_no_draft(tmp_path: Path) -> None:
    """A change taken back leaves nothing on disk, and what the check found of an older text is not told of it."""

    async def job() -> None:
        session, _ = await begun(Desk(one_version(), "wang"), tmp_path)
        session.typed(PLAN.replace("ring_s = 20", "ring_s = 2"))
        session.keep()
        await session.check()
        assert session.edit is not None
        assert session.edit.faults
        session.typed(PLAN)
        session.keep()
        await session.check()
        assert not session.edit.faults
        assert Drafts(tmp_path / "wang").read(NUMBER) is None
        assert await session.changes() == []

    asyncio.run(job())
