"""What the palette lists: every key of the table, by its meaning.

Rule: what works on the screen in front comes first and is done; a key that works elsewhere leads there, or says where
that is.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from textual.app import App
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from tui.i18n import say
from tui.keys import KEYS, PANES, Key, shown


def palette(own: dict[str, str]) -> CommandPalette:
    """The palette over the screen in front; `own` are the user's keys."""
    return CommandPalette([type("Keys", (_Keys,), {"own": own})], placeholder=say("keys.search"))


class _Keys(Provider):
    own: ClassVar[dict[str, str]]

    async def discover(self) -> Hits:
        """All of them."""
        for name, key, deed in self._deeds():
            yield DiscoveryHit(name, deed, help=key)

    async def search(self, query: str) -> Hits:
        """Those that match what is typed, a key or a part of its meaning."""
        matcher = self.matcher(query)
        for name, key, deed in self._deeds():
            score = 1.0 if query == key else matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), deed, text=name, help=key)

    def _deeds(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        """Name, key, and what to do once the palette has gone."""
        active = {active.binding.id: active for active in self.screen.active_bindings.values()}
        for key in sorted(KEYS, key=lambda key: key.id not in active):
            name = f"{say('keys.in_' + key.where)}: {say('keys.' + key.id.replace('.', '_'))}"
            here = active.get(key.id)
            deed = (
                partial(self.app.run_action, here.binding.action, here.node) if here else partial(self._elsewhere, key)
            )
            yield name, shown(self.own.get(key.id, key.key)), partial(self.app.call_later, deed)

    async def _elsewhere(self, key: Key) -> None:
        app: App[Any] = self.app
        if key.where in PANES:
            await app.run_action(f"app.pane('{key.where}')")
        app.notify(say("keys.elsewhere", place=say("keys.in_" + key.where)), markup=False)
