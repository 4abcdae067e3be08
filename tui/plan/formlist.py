"""The list of forms, and the screen of one form, which changes the text of a plan.

Rule: a form with a fault stays open and shows the fault at its line. A fault that only the daemon's check finds is
shown once; if the form is confirmed again, it is accepted.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Label, OptionList, Static

from b2bua.api.requests.plans import CheckPlan
from b2bua.console.protocol import Fault
from tui.background import run_latest
from tui.hintbar import HintBar
from tui.i18n import tr
from tui.keys import bindings
from tui.model import ConsoleModel, NotDone
from tui.plan.edits import at
from tui.plan.fill import Typed, Wrong, emptied, faults_by_line, fill, first_lines, hint_of, label_of
from tui.plan.forms import Form, forms
from tui.plan.graph import after
from tui.plan.remove_step import remove_part
from tui.plan.toml_edit import EditFault, plain
from tui.screens.box import Box
from tui.screens.confirm import Confirm


class FormList(Box[str]):
    """Gives the changed text, or None."""

    def __init__(self, text: str, model: ConsoleModel) -> None:
        super().__init__()
        self._text = text
        self._model = model
        self._forms = forms(plain(text))

    def compose(self) -> ComposeResult:
        """The forms, those that add something last."""
        with Vertical(classes="box"):
            yield Static(tr("form.which"), classes="title")
            yield OptionList(*(form.title for form in self._forms), markup=False)
            yield HintBar("form.list_hint")

    def on_mount(self) -> None:
        """Start on the first form."""
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Fill in this form."""

        def filled(text: str | None) -> None:
            if text is not None:
                self.dismiss(text)

        self.app.push_screen(FormScreen(self._forms[event.option_index], self._text, self._model), filled)


class FormScreen(Box[str]):
    """One form; gives the changed text, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form", "edit")

    def __init__(self, form: Form, text: str, model: ConsoleModel) -> None:
        super().__init__()
        self._form = form
        self._text = text
        self._model = model
        self._warned: Typed | None = None

    def compose(self) -> ComposeResult:
        """A line for each field, and under it what is wrong with it."""
        first, document = first_lines(self._form, self._text), plain(self._text)
        with Vertical(classes="box form"):
            yield Static(self._form.title, classes="title", markup=False)
            with VerticalScroll(classes="fields", can_focus=False):
                for line in self._form.lines:
                    with Horizontal():
                        yield Label(label_of(line))
                        yield Input(first[line], placeholder=hint_of(line, document), compact=True)
                    yield Static(classes="fault", markup=False)
            yield HintBar("form.hint")

    def on_mount(self) -> None:
        """Start on the first line."""
        self.query(Input).first().focus()

    def on_input_submitted(self) -> None:
        """Enter goes to the next line, and from the last one out."""
        if self.focused is self.query(Input).last():
            self.action_done()
        else:
            self.focus_next()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """What is not in the document cannot be taken away."""
        return action != "away" or (bool(self._form.whole) and at(plain(self._text), self._form.whole) is not None)

    def action_done(self) -> None:
        """Take over what was changed."""
        if emptied(self._form, self._text, self._typed()):
            self.action_away()
        else:
            run_latest(self, self._done, "form")

    def action_away(self) -> None:
        """Remove what the form is about from the plan, if the operator confirms."""
        form, onward = self._form, None
        try:
            text = remove_part(self._text, form.whole)
        except EditFault as fault:
            self._show_wrong({form.lines[0]: str(fault)})
            return
        if form.whole[0] == "nodes":
            onward = after(plain(self._text), form.whole[1])

        def answered(yes: bool | None) -> None:
            if yes:
                self.dismiss(text)

        asked = tr("ask.away_to", what=form.title, to=onward) if onward else tr("ask.away", what=form.title)
        self.app.push_screen(Confirm(asked), answered)

    async def _done(self) -> None:
        typed = self._typed()
        text, wrong = fill(self._form, self._text, typed)
        if not wrong and text != self._text and typed != self._warned:
            wrong = faults_by_line(self._form, text, typed, await self._faults(text))
            self._warned = typed
        if wrong:
            self._show_wrong(wrong)
        else:
            self.dismiss(text)

    async def _faults(self, text: str) -> list[Fault]:
        """What the daemon's check says; without a link nothing: the draft is checked when it is back."""
        try:
            return list((await self._model.ask(CheckPlan(text))).faults)
        except NotDone:
            return []

    def _typed(self) -> Typed:
        return {line: box.value for line, box in zip(self._form.lines, self.query(Input), strict=True)}

    def _show_wrong(self, wrong: Wrong) -> None:
        """Say what is wrong at its line, and go to the first one."""
        boxes = list(self.query(Input))
        for place, (line, label) in enumerate(zip(self._form.lines, self.query(".fault").results(Static), strict=True)):
            label.update(wrong.get(line, ""))
            label.set_class(line in wrong, "-on")
            if line in wrong and line == next(one for one in self._form.lines if one in wrong):
                boxes[place].focus()
