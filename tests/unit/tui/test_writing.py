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
from tui.board import Board, NotDone
from tui.plan.drafts import Draft, Drafts
from tui.plan.heading import overtaken
from tui.plan.work import Version, Work
from tui.plan.writing import Writing

NUMBER = "4006001234"
R = TypeVar("R")


@attrs.define
class Desk:
    """A link to the plans of a switch, for one operator."""

    plans: PlanStore
    who: str
    up: bool = True
    asked: list[AnOperation] = attrs.field(factory=list)

    async def run(self, board: Board) -> None:
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


async def begun(desk: Desk, folder: Path) -> tuple[Writing, Work]:
    """An operator who has the plan before them."""
    writing = Writing(Board(desk), Drafts(folder / desk.who), NUMBER)
    await writing.fetch()
    assert writing.work is not None
    return writing, writing.work


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
        assert li.work is not None
        assert "ring_s = 25" in li.work.text
        assert "wang" in overtaken(li.work)
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
        writing, first = await begun(desk, tmp_path)
        wrong = PLAN.replace("ring_s = 20", "ring_s = 2")
        writing.typed(wrong)
        writing.keep()
        desk.up = False
        for asked in (writing.check(), writing.publish("x"), writing.fetch()):
            with pytest.raises(NotDone, match="no link"):
                await asked
        desk.up = True
        with pytest.raises(NotDone, match="faults"):
            await writing.publish("x")
        assert writing.work is not None
        assert [fault.path for fault in writing.work.faults] == ["targets.night-mobile.ring_s"]
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
        assert again.work is not None
        assert again.work.text == desk.plans.text

    asyncio.run(job())


@pytest.mark.req("S4")
def test_the_first_version_overwrites_none_either(tmp_path: Path) -> None:
    """Who saw no version says so (an empty base, not none at all): the store refuses it when one has come meanwhile."""

    async def job() -> None:
        desk = Desk(one_version(), "li")
        writing, _ = await begun(desk, tmp_path)
        writing.work = Work(Version("", "", None, "", ""), PLAN, "")
        with pytest.raises(NotDone, match="meanwhile"):
            await writing.publish("mine")
        assert desk.asked[-1] == PublishPlans((PLAN,), note="mine", base=PlanHash(""))

    asyncio.run(job())


def test_a_text_that_is_as_live_again_is_no_draft(tmp_path: Path) -> None:
    """A change taken back leaves nothing on disk, and what the check found of an older text is not told of it."""

    async def job() -> None:
        writing, _ = await begun(Desk(one_version(), "wang"), tmp_path)
        writing.typed(PLAN.replace("ring_s = 20", "ring_s = 2"))
        writing.keep()
        await writing.check()
        assert writing.work is not None
        assert writing.work.faults
        writing.typed(PLAN)
        writing.keep()
        await writing.check()
        assert not writing.work.faults
        assert Drafts(tmp_path / "wang").read(NUMBER) is None
        assert await writing.changes() == []

    asyncio.run(job())
