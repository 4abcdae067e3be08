"""One number's plan on the screen.

Rule: the text is the truth; the tree, the forms, the what-if and the difference are ways to look at it. What is done
with it is done by `tui.plan.writing`.
"""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Static, TextArea

from b2bua.console.rows import NUMBERS
from tui.arrange import Cell
from tui.beside import ask_also, ask_anew
from tui.board import Board, NotDone
from tui.framed import Framed
from tui.i18n import say
from tui.keys import bindings
from tui.plan.compare import compare
from tui.plan.drafts import Drafts
from tui.plan.faults import Faults
from tui.plan.formlist import FormList
from tui.plan.heading import heading, overtaken
from tui.plan.history import History
from tui.plan.outline import outline
from tui.plan.publish import Publish
from tui.plan.whatif import WhatIf
from tui.plan.work import Work
from tui.plan.writing import Writing
from tui.screens.confirm import Confirm
from tui.styled_text import StyledText

SETTLE_S = 0.4
"""A change is kept and checked once typing has rested for this long."""


class PlanScreen(Framed):
    """Opened from the list of numbers; `number` is canonical."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("plan")

    def __init__(self, board: Board, drafts: Drafts, number: str) -> None:
        super().__init__(board)
        self.number = number
        self._writing = Writing(board, drafts, number)
        self._settling: Timer | None = None

    def body(self) -> ComposeResult:
        """Title, warning, and the views."""
        yield StyledText(classes="subtitle", id="title")
        yield Static(classes="warn", id="overtaken", markup=False)
        with ContentSwitcher(initial="tree"):
            with VerticalScroll(id="tree", classes="scroll"):
                yield StyledText(id="outline")
            yield Faults(id="text")
            yield WhatIf(self.board, id="whatif")
            with VerticalScroll(id="difference", classes="scroll"):
                yield StyledText(id="changes")
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
        if row is not None and self._writing.behind(row["plan_hash"]):
            ask_anew(self, self._fetch, "plan")
        self._head()

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
        inner = view.query("TextArea, Input, Table")
        (inner.first() if inner else view).focus()

    def action_forms(self) -> None:
        """Change everyday things without writing TOML."""
        work = self._writing.work
        if work is None or work.document() is None:
            self.notify(say("plan.not_toml"), severity="error")
            return

        def edited(text: str | None) -> None:
            if text is not None:
                self.editor.text = text

        self.app.push_screen(FormList(self.editor.text, self.board), edited)

    def action_publish(self) -> None:
        """Ask for a note, and make the text live."""
        self._settle()
        work = self._writing.work
        if work is None or not work.changed:
            self.notify(say("plan.nothing_new"))
            return
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
            if yes:
                self._writing.drop()
                self._take_over()
                self._show()

        if self._writing.work is not None and self._writing.work.changed:
            self.app.push_screen(Confirm(say("ask.drop")), answered)

    def action_rebase(self) -> None:
        """The other's version has been seen: the draft is to replace it."""
        work = self._writing.work
        if work is not None and work.overtaken:
            self._writing.rebase()
            self._keep()
            self._show()

    def action_back(self) -> None:
        """Back to the list; the draft stays."""
        self._settle()
        self.dismiss()

    def on_unmount(self) -> None:
        """Whatever closes the screen, the last half second of typing is kept too."""
        self._keep()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Keep and check what is typed, once the typing rests."""
        work = self._writing.work
        if work is None or event.text_area.text == work.text:
            return
        self._writing.typed(event.text_area.text)
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self._settle)
        self._show()

    def on_history_restored(self) -> None:
        """Another version is in force; a draft is kept, and its author told that it is of an older one."""
        ask_anew(self, self._fetch, "plan")

    async def _fetch(self) -> None:
        try:
            found = await self._writing.fetch()
        except NotDone as refusal:
            self._refused(refusal)
            return
        if found:
            self.notify(say("plan.draft_found"))
        self._take_over()
        if self._writing.work is not None:
            self.query_one(History).fetch(self._writing.work.live)
        self._show()
        await self._check()

    def _take_over(self) -> None:
        """The text as it is now into the editor; typing in it is left alone."""
        work = self._writing.work
        if work is not None and self.editor.text != work.text:
            self.editor.text = work.text

    def _settle(self) -> None:
        if self._settling is None:
            return
        self._settling.stop()
        self._settling = None
        self._keep()
        ask_anew(self, self._check, "check")

    def _keep(self) -> None:
        try:
            self._writing.keep()
        except OSError as fault:
            self.app.notify(say("plan.not_kept", fault=fault), severity="error", markup=False)

    async def _check(self) -> None:
        try:
            await self._writing.check()
        except NotDone as refusal:
            self._refused(refusal)
            return
        self._show()

    async def _publish(self, note: str) -> None:
        try:
            await self._writing.publish(note)
        except NotDone as refusal:
            self._refused(refusal, timeout=10)
            if refusal.faults:
                self.action_view("text")
                return
        else:
            self.notify(say("plan.published"))
        await self._fetch()

    def _refused(self, refusal: NotDone, timeout: float | None = None) -> None:
        self.notify(str(refusal), severity="error", timeout=timeout, markup=False)

    def _show(self) -> None:
        """Bring the view in sight up to date."""
        work = self._writing.work
        if work is None:
            return
        self._head()
        current = self.query_one(ContentSwitcher).current
        # a text is read only where it is told as a tree: a long one would hold up every key of its author
        if current == "tree" and (document := work.document()) is not None:
            self.query_one("#outline", StyledText).tell(outline(document))
        if current == "difference":
            ask_anew(self, partial(self._difference, work), "difference")
        self.query_one(Faults).show(work)
        self.query_one(WhatIf).text = work.text

    async def _difference(self, work: Work) -> None:
        """What changes, first as the daemon says it for people, then line by line."""
        lines = compare(work.live.text, work.text)
        try:
            told = [[Cell("• " + change, "busy")] for change in await self._writing.changes()]
        except NotDone as refusal:
            told = [[Cell(str(refusal), "dim")]] if lines else []
        lines = [*told, [], *lines] if told and lines else lines
        self.query_one("#changes", StyledText).tell(lines or [[Cell(say("plan.no_difference"), "dim")]])

    def _head(self) -> None:
        work = self._writing.work
        if work is None:
            return
        self.query_one("#title", StyledText).tell(
            [heading(self.number, work, self.board.rows(NUMBERS).get(self.number))]
        )
        told = overtaken(work)
        warning = self.query_one("#overtaken", Static)
        warning.set_class(bool(told), "-on")
        warning.update(told)
