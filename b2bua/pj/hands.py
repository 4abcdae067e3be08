"""The hands of one call: they carry out the commands of `routing.flow` on real legs.

Rule: a command for a leg that is down does nothing. What cannot be done comes back as a note, as if the far end had
refused it, so that the flow decides what follows.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

import pjsua2 as pj

from b2bua.link import Assign
from b2bua.pj.bridge import Bridge
from b2bua.pj.doorway import Doorway
from b2bua.pj.interaction import Interaction
from b2bua.pj.invitation import NoRoute, invitation
from b2bua.pj.leg import Leg, evidence_of
from b2bua.pj.noted import Down, Noted
from b2bua.pj.prompts import Library
from b2bua.pj.taping import Message, Tape
from b2bua.shelves import Shelves
from routing.cause import CONGESTION, NETWORK_OUT_OF_ORDER, UNREACHABLE, Cause
from routing.command import (
    Alert,
    CollectDigits,
    Command,
    Connect,
    Disconnect,
    HangUp,
    Play,
    Release,
    Ring,
    StartRecording,
    StopCollecting,
    StopPlaying,
    StopRecording,
    StopRinging,
    TakeMessage,
)
from routing.ids import CALLER, LegId

_TOO_MANY: Final = 70010
"""PJ_ETOOMANY, which the binding does not name."""

_ENDS_MESSAGE: Final = "#"


class Hands:
    """Every leg of one call, and what is done to them."""

    def __init__(self, assign: Assign, doorway: Doorway, shelves: Shelves, note: Callable[[Noted], None]) -> None:
        self._assign = assign
        self._doorway = doorway
        self._shelves = shelves
        self._note = note
        self.legs: dict[LegId, Leg] = {}
        self.sip_call_ids: dict[LegId, str] = {}
        self.bridge = Bridge(self.legs)
        self.interaction = Interaction(self.legs, Library(shelves.prompts, assign.facts.dialled))
        self.tape = Tape(shelves.recordings, assign.call_id) if shelves.recordings else None
        self.message: Message | None = None
        self._untaken = False

    def witness(self) -> dict[str, Any]:
        """What the audio of each leg that has any is like now (`evidence_of`)."""
        up = ((name, evidence_of(leg, 0)) for name, leg in self.legs.items() if not leg.is_down)
        return {str(name): seen for name, seen in up if seen}

    def carry_out(self, command: Command, now: float, after: Cause | None) -> None:
        """Do what a command says. `after` is why the target before did not take the call, for Diversion."""
        match command:
            case Play() | StopPlaying() | CollectDigits() | StopCollecting():
                self._interact(command, now)
            case StartRecording() | StopRecording() | TakeMessage():
                self._keep(command, now)
            case _:
                self._signal(command, after)

    def _signal(self, command: Command, after: Cause | None) -> None:
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
                self._tape_on()
            case Disconnect(a=a, b=b):
                self.bridge.disconnect(a, b)

    def _interact(self, command: Play | StopPlaying | CollectDigits | StopCollecting, now: float) -> None:
        match command:
            case Play():
                self._open_audio(command)
                self.interaction.play(command, now)
            case StopPlaying(leg=leg):
                self.interaction.silence(leg)
            case CollectDigits():
                self.interaction.gather(command, now)
            case StopCollecting(leg=leg):
                self.interaction.stop_gathering(leg)

    def _open_audio(self, command: Play) -> None:
        """Let the caller hear: by 183, or by 200 where the carrier does not pass on what comes before it."""
        caller = self.legs.get(CALLER)
        if command.leg != CALLER or caller is None or caller.is_accepted:
            return
        self.bridge.silence(CALLER)
        if self._assign.early_media:
            caller.progress()
        elif command.loop:
            caller.ring()
        else:
            caller.accept()

    def _keep(self, command: StartRecording | StopRecording | TakeMessage, now: float) -> None:
        """Tape something. A disk that does not take it must not end the conversation."""
        try:
            match command:
                case StartRecording() if self.tape is not None:
                    self.tape.start()
                    self._tape_on()
                case StopRecording() if self.tape is not None:
                    self.tape.stop(now)
                case TakeMessage():
                    self._untaken = True
                    self._take_message(command, now)
                    self._untaken = False
        except (OSError, pj.Error) as fault:
            sys.stderr.write(f"call {self._assign.call_id}: {type(command).__name__} failed: {fault}\n")

    def _take_message(self, command: TakeMessage, now: float) -> None:
        if self._shelves.messages is None:
            raise FileNotFoundError("no folder for messages is given")
        folder = self._shelves.messages / self._assign.facts.dialled / command.mailbox
        path = folder / f"{self._assign.call_id}.wav"
        self.message = Message(path, now, command.most_s, command.silence_s)
        self.message.beep(self._audio(CALLER))

    def _tape_on(self) -> None:
        partner = self.bridge.partner(CALLER)
        if self.tape is not None and partner is not None:
            self.tape.follow(self._audio(CALLER), self._audio(partner))

    def _audio(self, leg: LegId) -> Any | None:
        return self.legs[leg].audio() if leg in self.legs else None

    def follow(self, leg: LegId, now: float) -> None:
        """A leg's audio changed: everything that should flow is joined again."""
        self.bridge.follow()
        self.interaction.follow(leg, now)
        self._tape_on()

    def press(self, leg: LegId, key: str, now: float) -> None:
        """A leg keyed something: keys end a message, or go to whoever gathers them."""
        if self.message is not None and leg == CALLER:
            if key == _ENDS_MESSAGE:
                self.message.finish(now)
            return
        self.interaction.press(leg, key, now)

    def is_clear(self, now: float) -> bool:
        """Whether, all legs being down, what was taped is on disk too."""
        if self.tape is None:
            return True
        self.tape.stop(now)
        return self.tape.finish(now)

    def message_over(self, now: float) -> int | None:
        """The length of a message that has come to its end in seconds; None if none has."""
        if self._untaken:
            self._untaken = False
            return 0
        if self.message is None or not self.message.listen(self._audio(CALLER), now):
            return None
        seconds = self.message.close(now)
        self.message = None
        return seconds

    def leg_of(self, sip_call_id: str) -> LegId | None:
        """Which leg has this Call-ID; None if none has."""
        return next((name for name, leg in self.legs.items() if leg.sip_call_id == sip_call_id), None)

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
        self.interaction.drop(name)
        if not leg.is_gone:
            return False
        del self.legs[name]
        return True

    def _alert(self, source: LegId | None) -> None:
        caller = self.legs.get(CALLER)
        if caller is None:
            return
        self.interaction.silence(CALLER)
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
            self.sip_call_ids[command.leg] = leg.sip_call_id

    def _fail(self, leg: LegId, cause: Cause) -> None:
        self._note(Down(leg, cause.sip, cause.q850))

    def _end(self, name: LegId, cause: Cause) -> None:
        if name in self.legs:
            self.legs[name].end(cause)
