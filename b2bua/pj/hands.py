"""The hands of one call: they carry out the commands of `routing.flow` on real legs.

Rule: a command for a leg that is down does nothing. What cannot be done comes back as a note, as if the far end had
refused it, so that the flow decides what follows.
"""

import sys
from collections.abc import Callable
from typing import Final

import pjsua2 as pj

from b2bua.link import Assign
from b2bua.pj.bridge import Bridge
from b2bua.pj.doorway import Doorway
from b2bua.pj.invitation import NoRoute, invitation
from b2bua.pj.leg import Leg
from b2bua.pj.noted import Down, Noted
from routing.cause import CONGESTION, NETWORK_OUT_OF_ORDER, UNREACHABLE, Cause
from routing.command import Alert, Command, Connect, Disconnect, HangUp, Release, Ring, StopRinging
from routing.ids import CALLER, LegId

_TOO_MANY: Final = 70010
"""PJ_ETOOMANY, which the binding does not name."""


class Hands:
    """Every leg of one call, and what is done to them."""

    def __init__(self, assign: Assign, doorway: Doorway, note: Callable[[Noted], None]) -> None:
        self._assign = assign
        self._doorway = doorway
        self._note = note
        self.legs: dict[LegId, Leg] = {}
        self.bridge = Bridge(self.legs)

    def carry_out(self, command: Command, after: Cause | None) -> None:
        """Do what a command says. `after` is why the target before did not take the call, for Diversion."""
        match command:
            case Alert(early_media_from=source):
                self._alert(source)
            case Release(cause=cause):
                self._end(CALLER, cause)
            case Ring():
                self._ring(command, after)
            case StopRinging(leg=leg, cause=cause) | HangUp(leg=leg, cause=cause):
                self._end(leg, cause)
            case Connect(a=a, b=b):
                self.bridge.connect(a, b)
            case Disconnect(a=a, b=b):
                self.bridge.disconnect(a, b)

    def answer(self) -> None:
        """Answer the caller."""
        if CALLER in self.legs:
            self.legs[CALLER].accept()

    def end_all(self, cause: Cause) -> None:
        """End every leg."""
        for leg in list(self.legs.values()):
            leg.end(cause)

    def let_go(self, name: LegId) -> bool:
        """Whether a leg that is down has been settled with the far end; if so, it is forgotten."""
        leg = self.legs.get(name)
        if leg is None:
            return True
        self.bridge.drop(name)
        if not leg.is_gone:
            return False
        del self.legs[name]
        return True

    def _alert(self, source: LegId | None) -> None:
        caller = self.legs.get(CALLER)
        if caller is None:
            return
        if source is None or not self._assign.early_media:
            caller.ring()
        else:
            caller.progress()
            self.bridge.overhear(source, CALLER)

    def _ring(self, command: Ring, after: Cause | None) -> None:
        leg = Leg(self._doorway, command.leg, self._note)
        try:
            invite = invitation(command, self._assign, after)
            leg.call(invite.uri, local_uri=invite.local_uri, headers=invite.headers)
        except NoRoute:
            self._fail(command.leg, NETWORK_OUT_OF_ORDER)
        except pj.Error as fault:
            sys.stderr.write(f"call {self._assign.call_id}: leg {command.leg} cannot be made: {fault.reason}\n")
            # Too many: a leg that we gave up still waits for its far end.
            self._fail(command.leg, CONGESTION if fault.status == _TOO_MANY else UNREACHABLE)
        else:
            self.legs[command.leg] = leg

    def _fail(self, leg: LegId, cause: Cause) -> None:
        self._note(Down(leg, cause.sip, cause.q850))

    def _end(self, name: LegId, cause: Cause) -> None:
        if name in self.legs:
            self.legs[name].end(cause)
