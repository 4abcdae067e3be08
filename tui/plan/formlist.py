"""The everyday forms on the screen: choose one, fill it in, and the text is changed accordingly.

Rule: a form changes only the fields that were changed in it; one that cannot be read stays open and says why.
"""

import tomllib
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Label, OptionList, Static

from tui.hintbar import HintBar
from tui.keys import bindings
from tui.plan.edits import EditFault, Field, read, write
from tui.plan.forms import Form, forms, new_target
from tui.say import say, say_slug
from tui.screens.box import Box


class FormList(Box[str]):
    """Gives the changed text, or None."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._forms = forms(tomllib.loads(text))

    def compose(self) -> ComposeResult:
        """The forms, and a line to name a new target."""
        with Vertical(classes="box"):
            yield Static(say("form.which"), classes="title")
            yield OptionList(*(form.title for form in self._forms), markup=False)
            yield Input(placeholder=say("form.new_target"), compact=True)
            yield HintBar("form.list_hint")

    def on_mount(self) -> None:
        """Start on the first form."""
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Fill in this form."""
        self._fill_in(self._forms[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Fill in the form of a new target."""
        if event.value.strip():
            self._fill_in(new_target(event.value.strip()))

    def _fill_in(self, form: Form) -> None:
        def filled(text: str | None) -> None:
            if text is not None:
                self.dismiss(text)

        self.app.push_screen(FormScreen(form, self._text), filled)


class FormScreen(Box[str]):
    """One form; gives the changed text, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form")

    def __init__(self, form: Form, text: str) -> None:
        super().__init__()
        self._form = form
        self._text = text
        document = tomllib.loads(text)
        self._before = [read(document, field) for field in form.fields]

    def compose(self) -> ComposeResult:
        """A line for each field."""
        with Vertical(classes="box form"):
            yield Static(self._form.title, classes="title", markup=False)
            with VerticalScroll(classes="fields", can_focus=False):
                for field, value in zip(self._form.fields, self._before, strict=True):
                    with Horizontal():
                        yield Label(say_slug("field", field.name))
                        hint = " / ".join(field.choices) or hint_of(field)
                        yield Input(value, placeholder=hint, compact=True)
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

    def action_done(self) -> None:
        """Take over what was changed."""
        text = self._text
        try:
            for field, before, line in zip(self._form.fields, self._before, self.query(Input), strict=True):
                if line.value != before:
                    text = write(text, field, line.value)
        except EditFault as fault:
            self.query_one(".fault", Static).update(str(fault))
            return
        self.dismiss(text)


def hint_of(field: Field) -> str:
    """What stands in an empty line: an example for this field, or what its kind wants."""
    example = say_slug("example", field.name)
    return example if example != field.name else say_slug("field_hint", f"{field.kind}")
