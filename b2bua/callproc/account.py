"""Where PJSIP hands over inbound INVITEs.

Rule: nothing is answered here. An answer given inside `onIncomingCall` aborts the process (docs/pjsua2.md).
"""

from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from b2bua.callproc.leg import Leg
from b2bua.callproc.leg_events import Broke, Noted
from routing.ids import CALLER, LegId


class Account(pj.Account):  # type: ignore[misc]  # pjsua2 has no type information
    """The one account of a process. Each INVITE becomes a leg that `came` gets, from within the poll."""

    def __init__(self, config: Any, note: Callable[[Noted], None], came: Callable[[Leg, str], None]) -> None:
        super().__init__()
        self._note = note
        self._came = came
        self.create(config, True)

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Make the leg, which takes the call slot, and note it with its INVITE."""
        try:
            self._came(Leg(self, CALLER, self._note, prm.callId), prm.rdata.wholeMsg)
        except Exception as fault:  # noqa: BLE001 - nothing may cross back into C
            self._note(Broke(LegId(CALLER), f"onIncomingCall: {fault!r}"))
