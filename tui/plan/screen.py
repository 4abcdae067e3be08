"""One number's plan on the screen.

Rule: the text is the only state; tree, forms, what-if and difference are made from it. Changes go through
`tui.plan.edit_session`.
"""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Static, TextArea

from b2bua.console.rows import NUMBERS
from tui.background import run_each, run_latest
from tui.base_screen import BaseScreen
from tui.i18n import tr
from tui.keys import bindings
from tui.model import ConsoleModel, NotDone
from tui.plan.compare import compare
from tui.plan.drafts import Drafts
from tui.plan.edit_session import EditSession
from tui.plan.edit_state import EditState
from tui.plan.faults import Faults
from tui.plan.formlist import FormList
from tui.plan.heading import heading, overtaken
from tui.plan.history import History
from tui.plan.outline import outline
from tui.plan.publish import Publish
from tui.plan.whatif import WhatIf
from tui.screens.confirm import Confirm
from tui.styled_text import StyledText
from tui.table_view import Cell

SETTLE_S = 0.4
"""A change is kept and checked once typing has rested for this long."""


class PlanScreen(BaseScreen):
    """Opened from the list of numbers; `number` is canonical."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("plan")

    def __init__(self, model: ConsoleModel, drafts: Drafts, number: str) -> None:
        super().__init__(model)
        self.number = number
        self._session = EditSession(model, drafts, number)
        self._settling: Timer | None = None

    def body(self) -> ComposeResult:
        """Title, warning, and the views."""
        yield StyledText(classes="subtitle", id="title")
        yield Static(classes="warn", id="overtaken", markup=False)
        with ContentSwitcher(initial="tree"):
            with VerticalScroll(id="tree", classes="scroll"):
                yield StyledText(id="outline")
            yield Faults(id="text")
            yield WhatIf(self.model, id="whatif")
            with VerticalScroll(id="difference", classes="scroll"):
                yield StyledText(id="changes")
            yield History(self.model, self.number, id="history")

    def on_mount(self) -> None:
        """Fetch the version in force and the draft."""
        self.query_one("#tree").focus()
        run_latest(self, self._fetch, "plan")

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
        row = self.model.rows(NUMBERS).get(self.number)
        if row is not None and self._session.behind(row["plan_hash"]):
            run_latest(self, self._fetch, "plan")
        self._head()

    def language_changed(self) -> None:
        """The language changed."""
        super().language_changed()
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
        edit = self._session.edit
        if edit is None or edit.document() is None:
            self.notify(tr("plan.not_toml"), severity="error")
            return

        def edited(text: str | None) -> None:
            if text is not None:
                self.editor.text = text

        self.app.push_screen(FormList(self.editor.text, self.model), edited)

    def action_publish(self) -> None:
        """Ask for a note, and make the text live."""
        self._settle()
        edit = self._session.edit
        if edit is None or not edit.changed:
            self.notify(tr("plan.nothing_new"))
            return
        if edit.faults:
            self.notify(tr("plan.has_faults", count=len(edit.faults)), severity="error")
            self.action_view("text")
            return

        def noted(note: str | None) -> None:
            if note is not None:
                run_each(self, partial(self._publish, note), "publish")

        self.app.push_screen(Publish(edit), noted)

    def action_drop(self) -> None:
        """Forget the draft, if the operator means it."""

        def answered(yes: bool | None) -> None:
            if yes:
                self._session.drop()
                self._take_over()
                self._show()

        if self._session.edit is not None and self._session.edit.changed:
            self.app.push_screen(Confirm(tr("ask.drop")), answered)

    def action_rebase(self) -> None:
        """The other's version has been seen: the draft is to replace it."""
        edit = self._session.edit
        if edit is not None and edit.overtaken:
            self._session.rebase()
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
        edit = self._session.edit
        if edit is None or event.text_area.text == edit.text:
            return
        self._session.typed(event.text_area.text)
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self._settle)
        self._show()

    def on_history_restored(self) -> None:
        """Another version is in force; a draft is kept, and its author told that it is of an older one."""
        run_latest(self, self._fetch, "plan")

    async def _fetch(self) -> None:
        try:
            found = await self._session.fetch()
        except NotDone as refusal:
            self._refused(refusal)
            return
        if found:
            self.notify(tr("plan.draft_found"))
        self._take_over()
        if self._session.edit is not None:
            self.query_one(History).fetch(self._session.edit.live)
        self._show()
        await self._check()

    def _take_over(self) -> None:
        """The text as it is now into the editor; typing in it is left alone."""
        edit = self._session.edit
        if edit is not None and self.editor.text != edit.text:
            self.editor.text = edit.text

    def _settle(self) -> None:
        if self._settling is None:
            return
        self._settling.stop()
        self._settling = None
        self._keep()
        run_latest(self, self._check, "check")

    def _keep(self) -> None:
        try:
            self._session.keep()
        except OSError as fault:
            self.app.notify(tr("plan.not_kept", fault=fault), severity="error", markup=False)

    async def _check(self) -> None:
        try:
            await self._session.check()
        except NotDone as refusal:
            self._refused(refusal)
            return
        self._show()

    async def _publish(self, note: str) -> None:
        try:
            await self._session.publish(note)
        except NotDone as refusal:
            self._refused(refusal, timeout=10)
            if refusal.faults:
                self.action_view("text")
                return
        else:
            self.notify(tr("plan.published"))
        await self._fetch()

    def _refused(self, refusal: NotDone, timeout: float | None = None) -> None:
        self.notify(str(refusal), severity="error", timeout=timeout, markup=False)

    def _show(self) -> None:
        """Bring the view in sight up to date."""
        edit = self._session.edit
        if edit is None:
            return
        self._head()
        current = self.query_one(ContentSwitcher).current
        # a text is read only where it is told as a tree: a long one would hold up every key of its author
        if current == "tree" and (document := edit.document()) is not None:
            self.query_one("#outline", StyledText).show_lines(outline(document))
        if current == "difference":
            run_latest(self, partial(self._difference, edit), "difference")
        self.query_one(Faults).show(edit)
        self.query_one(WhatIf).text = edit.text

    async def _difference(self, edit: EditState) -> None:
        """What changes, first as the daemon says it for people, then line by line."""
        lines = compare(edit.live.text, edit.text)
        try:
            words = [[Cell("• " + change, "busy")] for change in await self._session.changes()]
        except NotDone as refusal:
            words = [[Cell(str(refusal), "dim")]] if lines else []
        lines = [*words, [], *lines] if words and lines else lines
        self.query_one("#changes", StyledText).show_lines(lines or [[Cell(tr("plan.no_difference"), "dim")]])

    def _head(self) -> None:
        edit = self._session.edit
        if edit is None:
            return
        self.query_one("#title", StyledText).show_lines(
            [heading(self.number, edit, self.model.rows(NUMBERS).get(self.number))]
        )
        words = overtaken(edit)
        warning = self.query_one("#overtaken", Static)
        warning.set_class(bool(words), "-on")
        warning.update(words)
