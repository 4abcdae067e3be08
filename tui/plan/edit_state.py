"""The state of editing one number's plan (pure).

Rule: `base` is always a version that the operator has seen: publishing over any other is refused, here and by the
daemon.
"""

import tomllib

import attrs

from b2bua.api.requests.plans import PlanShown
from b2bua.console.protocol import Fault
from tui.plan.drafts import Draft
from tui.plan.toml_edit import Document


@attrs.frozen
class Version:
    """A published version as the daemon gave it; without one the text and the hash are empty."""

    text: str
    plan_hash: str
    at_ms: int | None
    author: str
    note: str

    @classmethod
    def of(cls, shown: PlanShown) -> "Version":
        """From the reply to `plan.show`."""
        return cls(shown.text, shown.plan_hash, shown.at_ms, shown.author, shown.note)


@attrs.frozen
class EditState:
    """The version in force as last seen, the text in the editor, and the version that the text was made from."""

    live: Version
    text: str
    base: str
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    checked: bool = False
    """Whether the faults and warnings are those of this text."""

    @classmethod
    def begin(cls, live: Version, draft: Draft | None) -> "EditState":
        """Go on with the draft, or start from the version in force."""
        return cls(live, draft.text, draft.base) if draft else cls(live, live.text, live.plan_hash)

    @property
    def changed(self) -> bool:
        """Whether there is anything to publish."""
        return self.text != self.live.text

    @property
    def overtaken(self) -> bool:
        """Whether somebody published since the text was begun."""
        return self.base != self.live.plan_hash

    def document(self) -> Document | None:
        """The text as a document; None while it is not TOML."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError:
            return None
