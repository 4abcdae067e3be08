"""One number's plan on the screen.

Rule: the text is the truth; the tree, the forms, the what-if and the difference are ways to look at it. Every change is
kept as a draft on disk; only publishing makes it live.
"""

from functools import partial
from typing import ClassVar

import attrs
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Static, TextArea

from b2bua.rows import NUMBERS
from b2bua.wire import Fault
from tui.arrange import Cell
from tui.beside import ask_also, ask_anew
from tui.board import Board, NotDone
from tui.framed import Framed
from tui.keys import bindings
from tui.moment import day_clock
from tui.plan.compare import compare
from tui.plan.drafts import Draft, Drafts
from tui.plan.faults import Faults
from tui.plan.formlist import FormList
from tui.plan.history import History
from tui.plan.outline import outline
from tui.plan.publish import Publish
from tui.plan.whatif import WhatIf
from tui.plan.work import Version, Work
from tui.say import say, say_slug
from tui.screens.confirm import Confirm
from tui.told import Told

SETTLE_S = 0.4
"""A change is kept and checked once typing has rested for this long."""


class PlanScreen(Framed):
    """Opened from the list of numbers; `number` is canonical."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("plan")

    def __init__(self, board: Board, drafts: Drafts, number: str) -> None:
        super().__init__(board)
        self.number = number
        self._drafts = drafts
        self._work: Work | None = None
        self._settling: Timer | None = None
        self._asking = False

    def body(self) -> ComposeResult:
        """Title, warning, and the views."""
        yield Told(classes="subtitle", id="title")
        yield Static(classes="warn", id="overtaken", markup=False)
        with ContentSwitcher(initial="tree"):
            with VerticalScroll(id="tree", classes="scroll"):
                yield Told(id="outline")
            yield Faults(id="text")
            yield WhatIf(self.board, id="whatif")
            with VerticalScroll(id="difference", classes="scroll"):
                yield Told(id="changes")
            yield History(self.board, self.number, id="history")

    def on_mount(self) -> None:
        """Fetch the version in force and the draft."""
        self.query_one("#tree").focus()
        ask_anew(self, self._fetch, "plan")

    @property
    def editor(self) -> TextArea:
        """Where the text is typed."""
        return self.query_one(TextArea)

    @property
    def here(self) -> str:
        """The view in sight."""
        return f"plan.{self.query_one(ContentSwitcher).current}"

    @property
    def settling(self) -> bool:
        """Whether the last change is not kept and checked yet."""
        return self._settling is not None

    def renew(self) -> None:
        """See whether somebody else has published."""
        super().renew()
        row = self.board.rows(NUMBERS).get(self.number)
        work = self._work
        if row is not None and work is not None and not self._asking and row["plan_hash"] != work.live.plan_hash:
            ask_anew(self, self._fetch, "plan")
        self._title()

    def respeak(self) -> None:
        """The language changed."""
        super().respeak()
        self._show()

    def action_view(self, name: str) -> None:
        """Bring a view into sight."""
        self.query_one(ContentSwitcher).current = name
        self.refresh_bindings()
        self._show()
        view = self.query_one(f"#{name}")
        inner = view.query("TextArea, Input, Sheet")
        (inner.first() if inner else view).focus()

    def action_forms(self) -> None:
        """Change everyday things without writing TOML."""
        if self._work is not None and self._work.document() is None:
            self.notify(say("plan.not_toml"), severity="error")
            return

        def edited(text: str | None) -> None:
            if text is not None:
                self.editor.text = text

        self.app.push_screen(FormList(self.editor.text, self.board), edited)

    def action_publish(self) -> None:
        """Ask for a note, and make the text live."""
        work = self._work
        if work is None or not work.changed:
            self.notify(say("plan.nothing_new"))
            return
        self._settle()
        if work.faults:
            self.notify(say("plan.has_faults", count=len(work.faults)), severity="error")
            self.action_view("text")
            return

        def noted(note: str | None) -> None:
            if note is not None:
                ask_also(self, partial(self._publish, note), "publish")

        self.app.push_screen(Publish(work), noted)

    def action_drop(self) -> None:
        """Forget the draft, if the operator means it."""

        def answered(yes: bool | None) -> None:
            if yes and self._work is not None:
                self._drafts.drop(self.number)
                self._work = Work.begin(self._work.live, None)
                self.editor.text = self._work.text
                self._show()

        if self._work is not None and self._work.changed:
            self.app.push_screen(Confirm(say("ask.drop")), answered)

    def action_back(self) -> None:
        """Back to the list; the draft stays."""
        self._settle()
        self.dismiss()

    def on_unmount(self) -> None:
        """Whatever closes the screen, the last half second of typing is kept too."""
        self._keep()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Keep and check what is typed, once the typing rests."""
        if self._work is None or event.text_area.text == self._work.text:
            return
        self._work = attrs.evolve(self._work, text=event.text_area.text)
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self._settle)
        self._show()

    def on_history_restored(self) -> None:
        """Another version is in force."""
        self._drafts.drop(self.number)
        self._work = None
        ask_anew(self, self._fetch, "plan")

    async def _fetch(self) -> None:
        self._asking = True
        try:
            live = Version.of(await self.board.ask("plan.show", number=self.number))
        except NotDone as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            return
        finally:
            self._asking = False
        if self._work is None:
            draft = self._drafts.read(self.number)
            self._work = Work.begin(live, draft)
            if draft is not None and self._work.changed:
                self.notify(say("plan.draft_found"))
            self.editor.text = self._work.text
        elif not self._work.changed:
            self._work = Work.begin(live, None)
            self.editor.text = live.text
        else:
            self._work = attrs.evolve(self._work, live=live)
        self.query_one(History).fetch(live)
        self._show()
        await self._check()

    def _settle(self) -> None:
        if self._settling is None:
            return
        self._settling.stop()
        self._settling = None
        self._keep()
        ask_anew(self, self._check, "check")

    def _keep(self) -> None:
        work = self._work
        if work is None:
            return
        try:
            if work.changed:
                self._drafts.keep(self.number, Draft(work.text, work.base))
            else:
                self._drafts.drop(self.number)
        except OSError as fault:
            self.app.notify(say("plan.not_kept", fault=fault), severity="error", markup=False)

    async def _check(self) -> None:
        """Have the daemon check the text as it stands."""
        work = self._work
        if work is None:
            return
        try:
            found = await self.board.ask("plan.check", text=work.text)
        except NotDone as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            return
        faults, warnings = (tuple(Fault(**fault) for fault in found[kind]) for kind in ("faults", "warnings"))
        if self._work is not None and self._work.text == work.text:
            self._work = attrs.evolve(self._work, faults=faults, warnings=warnings)
            self._show()

    async def _publish(self, note: str) -> None:
        work = self._work
        if work is None:
            return
        try:
            await self.board.ask("plan.publish", text=work.text, note=note, base=work.base or None)
        except NotDone as refusal:
            self.notify(str(refusal), severity="error", timeout=10, markup=False)
            if refusal.faults:
                self._work = attrs.evolve(work, faults=refusal.faults)
                self.action_view("text")
            else:
                await self._fetch()
            return
        self._drafts.drop(self.number)
        self._work = None
        self.notify(say("plan.published"))
        await self._fetch()

    def action_rebase(self) -> None:
        """The other's version has been seen: the draft is to replace it."""
        work = self._work
        if work is not None and work.overtaken:
            self._work = attrs.evolve(work, base=work.live.plan_hash)
            self._keep()
            self._show()

    def _show(self) -> None:
        """Bring the view in sight up to date."""
        work = self._work
        if work is None:
            return
        self._title()
        current = self.query_one(ContentSwitcher).current
        # a text is read only where it is told as a tree: a long one would hold up every key of its author
        if current == "tree" and (document := work.document()) is not None:
            self.query_one("#outline", Told).tell(outline(document))
        if current == "difference":
            ask_anew(self, partial(self._difference, work), "difference")
        self.query_one(Faults).show(work)
        self.query_one(WhatIf).text = work.text

    async def _difference(self, work: Work) -> None:
        """What changes, first as the daemon says it for people, then line by line."""
        lines = compare(work.live.text, work.text)
        try:
            said = await self.board.ask("plan.diff", text=work.text, old=work.live.text)
            told = [[Cell("• " + change, "busy")] for change in said["changes"]]
        except NotDone as refusal:
            told = [[Cell(str(refusal), "dim")]] if lines else []
        lines = [*told, [], *lines] if told and lines else lines
        self.query_one("#changes", Told).tell(lines or [[Cell(say("plan.no_difference"), "dim")]])

    def _title(self) -> None:
        work, row = self._work, self.board.rows(NUMBERS).get(self.number)
        if work is None:
            return
        live = work.live
        parts = [Cell(row["number"] if row else self.number, "key")]
        parts.append(Cell(say("plan.draft"), "busy") if work.changed else Cell(say("plan.as_live"), "good"))
        if work.faults:
            parts.append(Cell(say("plan.faults", count=len(work.faults)), "bad"))
        if work.warnings:
            parts.append(Cell(say("plan.warnings", count=len(work.warnings)), "busy"))
        if live.plan_hash:
            shown = say("plan.live", hash=live.plan_hash[:8], at=day_clock(live.at_ms), author=live.author)
            parts.append(Cell(shown, "dim"))
        if row:
            parts += [Cell(row["subscriber"]), Cell(say_slug("life", row["state"]), "dim")]
        self.query_one("#title", Told).tell([parts])
        warning = self.query_one("#overtaken", Static)
        warning.set_class(work.overtaken and work.changed, "-on")
        if work.overtaken:
            warning.update(say("plan.overtaken", author=live.author, at=day_clock(live.at_ms)))
