"""An editing session of one number's plan: stores drafts, has the daemon check and publish them. No screen.

Rule: every change is stored as a draft first; only publishing makes it live, and never over a version that the operator
has not seen.
"""

import attrs

from b2bua.api.requests.fields import FieldFault
from b2bua.api.requests.plans import CheckPlan, ComparePlans, PublishPlans, ShowPlan
from routing.ids import PlanHash
from tui.model import ConsoleModel, NotDone
from tui.plan.drafts import Draft, Drafts
from tui.plan.edit_state import EditState, Version


class EditSession:
    """`work` is None until the version in force has come; what the daemon refuses is raised as NotDone."""

    def __init__(self, model: ConsoleModel, drafts: Drafts, number: str) -> None:
        self.model = model
        self.number = number
        self.edit: EditState | None = None
        self._drafts = drafts
        self._asking = False

    def behind(self, plan_hash: str) -> bool:
        """Whether another version is in force than was seen, and it is not being asked for yet."""
        return self.edit is not None and not self._asking and self.edit.live.plan_hash != plan_hash

    async def fetch(self) -> bool:
        """Ask for the version in force; whether a draft was found that was left before."""
        self._asking = True
        try:
            live = Version.of(await self.model.ask(ShowPlan(self.number)))
        finally:
            self._asking = False
        if self.edit is not None and self.edit.changed:
            self.edit = attrs.evolve(self.edit, live=live)
            return False
        draft = self._drafts.read(self.number) if self.edit is None else None
        self.edit = EditState.begin(live, draft)
        return draft is not None and self.edit.changed

    def typed(self, text: str) -> None:
        """The text as it stands in the editor."""
        if self.edit is not None:
            self.edit = attrs.evolve(self.edit, text=text, checked=False)

    def keep(self) -> None:
        """Put the draft on disk, or take it away if nothing differs; raises OSError."""
        edit = self.edit
        if edit is None:
            return
        if edit.changed:
            self._drafts.keep(self.number, Draft(edit.text, edit.base))
        else:
            self._drafts.drop(self.number)

    def drop(self) -> None:
        """Forget the draft: back to the version in force."""
        self._drafts.drop(self.number)
        if self.edit is not None:
            self.edit = EditState.begin(self.edit.live, None)

    def forget(self) -> None:
        """Forget the draft and all that was seen: another version is in force."""
        self._drafts.drop(self.number)
        self.edit = None

    def rebase(self) -> None:
        """The other's version has been seen: the draft is to replace it."""
        if self.edit is not None:
            self.edit = attrs.evolve(self.edit, base=self.edit.live.plan_hash)

    async def check(self) -> None:
        """Have the daemon check the text as it stands; what has been typed since is left for the next time."""
        edit = self.edit
        if edit is None:
            return
        found = await self.model.ask(CheckPlan(edit.text))
        if self.edit is not None and self.edit.text == edit.text:
            self.edit = attrs.evolve(self.edit, faults=found.faults, warnings=found.warnings, checked=True)

    async def publish(self, note: str) -> None:
        """Make the text live under this note; if it is refused for its faults, they are in `work` then.

        An empty `base` says that no version was seen: it is refused too if there is one by now.
        """
        edit = self.edit
        if edit is None:
            return
        try:
            await self.model.ask(PublishPlans((edit.text,), note=note, base=PlanHash(edit.base)))
        except FieldFault as fault:
            raise NotDone(str(fault)) from fault
        except NotDone as refusal:
            if refusal.faults:
                self.edit = attrs.evolve(edit, faults=refusal.faults)
            raise
        self.forget()

    async def changes(self) -> list[str]:
        """What differs from the version in force, as the daemon says it for people."""
        if self.edit is None:
            return []
        return list((await self.model.ask(ComparePlans(self.edit.text, self.edit.live.text))).changes)
