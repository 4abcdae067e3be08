"""The command palette: finds every key of the table by its meaning.

Rule: keys that work on the screen in front come first and are performed; a key that works elsewhere shows that pane, or
a message that says where it works.
"""

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual.app import App
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from tui.i18n import tr
from tui.keys import KEYS, PANES, Key, shown


def palette(own: dict[str, str]) -> CommandPalette:
    """The palette for the screen in front; `own` are the user's keys."""
    return CommandPalette([type("Keys", (_Keys,), {"own": own})], placeholder=tr("keys.search"))


class _Keys(Provider):
    own: ClassVar[dict[str, str]]

    async def discover(self) -> Hits:
        """All of them."""
        for name, key, action in self._actions():
            yield DiscoveryHit(name, action, help=key)

    async def search(self, query: str) -> Hits:
        """Those that match what is typed, a key or a part of its meaning."""
        matcher = self.matcher(query)
        for name, key, action in self._actions():
            score = 1.0 if query == key else matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), action, text=name, help=key)

    def _actions(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        """Name, key, and the action to perform when the palette is closed."""
        active = {active.binding.id: active for active in self.screen.active_bindings.values()}
        for key in sorted(KEYS, key=lambda key: key.id not in active):
            name = f"{tr('keys.in_' + key.where)}: {tr('keys.' + key.id.replace('.', '_'))}"
            here = active.get(key.id)
            action = (
                partial(self.app.run_action, here.binding.action, here.node) if here else partial(self._elsewhere, key)
            )
            yield name, shown(self.own.get(key.id, key.key)), partial(self.app.call_later, action)

    async def _elsewhere(self, key: Key) -> None:
        app: App[object] = self.app
        if key.where in PANES:
            await app.run_action(f"app.pane('{key.where}')")
        app.notify(tr("keys.elsewhere", place=tr("keys.in_" + key.where)), markup=False)
