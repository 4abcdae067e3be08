"""The voicemail messages in a switch's folder (M4), as call processes leave them: `<number>/<mailbox>/<call>.wav`.

Rule: what is known of a message is in its path and in its call's record; there is no third place to disagree.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from b2bua.recordings import arrived_ms
from b2bua.stereo import CLOCK_RATE_HZ
from b2bua.store.errors import NotFound
from routing.ids import CallId, Number400
from routing.node import MailboxName

_HEADER_BYTES: Final = 44


@attrs.frozen
class VoiceMessage:
    """One message; its call came at `arrived_ms` (UTC epoch milliseconds)."""

    number: Number400
    mailbox: MailboxName
    call_id: CallId
    path: Path
    arrived_ms: int
    length_s: float


class Messages:
    """Every message in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def every(self, number: str = "", mailbox: str = "") -> Iterator[VoiceMessage]:
        """All of them, or those of one number or mailbox, oldest first; one still being taken is not among them."""
        found = (_message(path) for path in self._folder.glob("*/*/[!.]*.wav"))
        wanted = (one for one in found if number in ("", one.number) and mailbox in ("", one.mailbox))
        yield from sorted(wanted, key=lambda one: (one.arrived_ms, one.call_id))

    def get(self, call_id: str) -> VoiceMessage:
        """The message that was left in one call. Raises NotFound."""
        found = next((one for one in self.every() if one.call_id == call_id), None)
        if found is None:
            raise NotFound(f"there is no message of a call {call_id}")
        return found


def _message(path: Path) -> VoiceMessage:
    length_s = max(0, path.stat().st_size - _HEADER_BYTES) / (2 * CLOCK_RATE_HZ)
    number, mailbox = Number400(path.parent.parent.name), MailboxName(path.parent.name)
    return VoiceMessage(number, mailbox, CallId(path.stem), path, arrived_ms(path.stem, path), length_s)
