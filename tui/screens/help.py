"""All keys that there are, as they are now.

Rule: made from the table of keys; nothing here is written twice.
"""

from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import KEYS, shown
from tui.say import say
from tui.width import pad


class Help(ModalScreen[None]):
    """The keys by place."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss(None)", show=False)]

    def __init__(self, own: dict[str, str]) -> None:
        super().__init__()
        self._own = own

    def compose(self) -> ComposeResult:
        """Place by place, two columns a line."""
        text = Text()
        for where, keys in groupby(KEYS, key=lambda key: key.where):
            text.append(say(f"keys.in_{where}") + "\n", "bold")
            for number, key in enumerate(keys):
                name = say("keys." + key.id.replace(".", "_"))
                text.append(pad(f"  {shown(self._own.get(key.id, key.key))}", 9) + pad(name, 25))
                text.append("\n" if number % 2 else "")
            text.append("\n" if text.plain.endswith("\n") else "\n\n")
        text.rstrip()
        with VerticalScroll(classes="box wide"):
            yield Static(say("keys.title"), classes="title")
            yield Static(text)
            yield Static(say("keys.hint"), classes="hint")
