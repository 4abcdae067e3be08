"""What the palette lists: every key of the table, by its meaning.

Rule: a key that works on the screen in front is done; one that works elsewhere leads there, or says where that is.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from tui.keys import KEYS, PANES, Key, shown
from tui.say import say


def commands(app: App[None], screen: Screen[Any], own: dict[str, str]) -> Iterator[SystemCommand]:
    """All keys, as they can be done from this screen; `own` are the user's."""
    active = {active.binding.id: active for active in screen.active_bindings.values()}
    for key in KEYS:
        title = f"{say('keys.in_' + key.where)}: {say('keys.' + key.id.replace('.', '_'))}"
        here = active.get(key.id)
        # the palette must have gone before the key is done
        deed = (
            partial(app.call_later, partial(_elsewhere, app, key))
            if here is None
            else partial(app.call_later, partial(app.run_action, here.binding.action, here.node))
        )
        yield SystemCommand(title, shown(own.get(key.id, key.key)), deed)


def _elsewhere(app: App[None], key: Key) -> None:
    if key.where in PANES:
        app.call_later(partial(app.run_action, f"app.pane('{key.where}')"))
    app.notify(say("keys.elsewhere", place=say("keys.in_" + key.where)), markup=False)
