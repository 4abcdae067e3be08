"""The voicemail messages of a switch (M4), as call processes write them: `<number>/<mailbox>/<call>.wav`, or `.sealed`.

Rule: number, mailbox and call are in the path of a message, the rest in its call's record; the database holds only
whether it was read and notified (`b2bua.store.mailboxes`). The name of a message that is being recorded begins with a
dot.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from b2bua.base.errors import NotFound
from b2bua.media.audio_file import PLAIN, SEALED, is_sealed, length_s, pieces
from b2bua.media.keys import Keyring
from b2bua.media.recordings import arrived_ms
from routing.ids import CallId, Number400
from routing.node import MailboxName

CHANNELS: Final = 1


@attrs.frozen
class VoiceMessage:
    """One message; its call came at `arrived_ms` (UTC epoch milliseconds)."""

    number: Number400
    mailbox: MailboxName
    call_id: CallId
    path: Path
    arrived_ms: int
    length_s: float

    @property
    def is_sealed(self) -> bool:
        """Whether a key is needed to play it."""
        return is_sealed(self.path)

    def sound(self, keys: Keyring) -> Iterator[bytes]:
        """Its samples, as `b2bua.media.audio_file.pieces`."""
        return pieces(self.path, self.call_id, CHANNELS, keys)


class Messages:
    """The messages in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def every(self, number: str = "", mailbox: str = "") -> Iterator[VoiceMessage]:
        """All of them, or those of one number or mailbox, oldest first; without those that are being recorded."""
        found = self._search("[!.]*")
        wanted = (one for one in found if number in ("", one.number) and mailbox in ("", one.mailbox))
        yield from sorted(wanted, key=lambda one: (one.arrived_ms, one.call_id))

    def get(self, call_id: str) -> VoiceMessage:
        """The message that was left in one call. Raises NotFound."""
        found = next((one for one in self.every() if one.call_id == call_id), None)
        if found is None:
            raise NotFound(f"there is no message of a call {call_id}")
        return found

    def unfinished(self) -> Iterator[VoiceMessage]:
        """Those that are being recorded, or were when their process died."""
        return self._search(".*")

    def finish(self, message: VoiceMessage) -> None:
        """Make an unfinished message an ordinary one. Raises OSError."""
        message.path.rename(message.path.with_name(message.path.name.lstrip(".")))

    def _search(self, names: str) -> Iterator[VoiceMessage]:
        for path in self._folder.glob(f"*/*/{names}"):
            if path.suffix in (PLAIN, SEALED):
                try:
                    yield _message(path)
                except FileNotFoundError:
                    continue


def _message(path: Path) -> VoiceMessage:
    number, mailbox = Number400(path.parent.parent.name), MailboxName(path.parent.name)
    call_id = path.stem.lstrip(".")
    at_ms = arrived_ms(call_id, path)
    return VoiceMessage(number, mailbox, CallId(call_id), path, at_ms, length_s(path, CHANNELS))
