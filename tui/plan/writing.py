"""The work on one number's plan: kept on disk, checked and published by the daemon. No screen.

Rule: every change is a draft on disk before it is anything else; only publishing makes it live, and never over a
version that the operator has not seen.
"""

import attrs

from b2bua.api.requests.fields import FieldFault
from b2bua.api.requests.plans import CheckPlan, ComparePlans, PublishPlans, ShowPlan
from routing.ids import PlanHash
from tui.board import Board, NotDone
from tui.plan.drafts import Draft, Drafts
from tui.plan.work import Version, Work


class Writing:
    """`work` is None until the version in force has come; what the daemon refuses is raised as NotDone."""

    def __init__(self, board: Board, drafts: Drafts, number: str) -> None:
        self.board = board
        self.number = number
        self.work: Work | None = None
        self._drafts = drafts
        self._asking = False

    def behind(self, plan_hash: str) -> bool:
        """Whether another version is in force than was seen, and it is not being asked for yet."""
        return self.work is not None and not self._asking and self.work.live.plan_hash != plan_hash

    async def fetch(self) -> bool:
        """Ask for the version in force; whether a draft was found that was left before."""
        self._asking = True
        try:
            live = Version.of(await self.board.ask(ShowPlan(self.number)))
        finally:
            self._asking = False
        if self.work is not None and self.work.changed:
            self.work = attrs.evolve(self.work, live=live)
            return False
        draft = self._drafts.read(self.number) if self.work is None else None
        self.work = Work.begin(live, draft)
        return draft is not None and self.work.changed

    def typed(self, text: str) -> None:
        """The text as it stands in the editor."""
        if self.work is not None:
            self.work = attrs.evolve(self.work, text=text, checked=False)

    def keep(self) -> None:
        """Put the draft on disk, or take it away if nothing differs; raises OSError."""
        work = self.work
        if work is None:
            return
        if work.changed:
            self._drafts.keep(self.number, Draft(work.text, work.base))
        else:
            self._drafts.drop(self.number)

    def drop(self) -> None:
        """Forget the draft: back to the version in force."""
        self._drafts.drop(self.number)
        if self.work is not None:
            self.work = Work.begin(self.work.live, None)

    def forget(self) -> None:
        """Forget the draft and all that was seen: another version is in force."""
        self._drafts.drop(self.number)
        self.work = None

    def rebase(self) -> None:
        """The other's version has been seen: the draft is to replace it."""
        if self.work is not None:
            self.work = attrs.evolve(self.work, base=self.work.live.plan_hash)

    async def check(self) -> None:
        """Have the daemon check the text as it stands; what has been typed since is left for the next time."""
        work = self.work
        if work is None:
            return
        found = await self.board.ask(CheckPlan(work.text))
        if self.work is not None and self.work.text == work.text:
            self.work = attrs.evolve(self.work, faults=found.faults, warnings=found.warnings, checked=True)

    async def publish(self, note: str) -> None:
        """Make the text live under this note; if it is refused for its faults, they are in `work` then.

        An empty `base` says that no version was seen: it is refused too if there is one by now.
        """
        work = self.work
        if work is None:
            return
        try:
            await self.board.ask(PublishPlans((work.text,), note=note, base=PlanHash(work.base)))
        except FieldFault as fault:
            raise NotDone(str(fault)) from fault
        except NotDone as refusal:
            if refusal.faults:
                self.work = attrs.evolve(work, faults=refusal.faults)
            raise
        self.forget()

    async def changes(self) -> list[str]:
        """What differs from the version in force, as the daemon says it for people."""
        if self.work is None:
            return []
        return list((await self.board.ask(ComparePlans(self.work.text, self.work.live.text))).changes)
