"""The hands of one call: they carry out the commands of `routing.flow` on real legs.

Rule: a command for a leg that is down does nothing. What cannot be done comes back as a note, as if the far end had
refused it, so that the flow decides what follows.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pjsua2 as pj

from b2bua.callproc.bridge import Bridge
from b2bua.callproc.cdr_builder import LegEvidence
from b2bua.callproc.endpoint import TELEPHONE_CODECS, use_codecs
from b2bua.callproc.inband_dtmf import InbandDtmf
from b2bua.callproc.interaction import Interaction
from b2bua.callproc.invitation import NoRoute, invitation
from b2bua.callproc.key_relay import KeyRelay, Meant
from b2bua.callproc.key_sender import KeySender
from b2bua.callproc.leg import Account, Leg, evidence_of
from b2bua.callproc.leg_events import Keyed, LegDown, LegEvent
from b2bua.callproc.recorder import ConversationRecorder, MessageRecorder
from b2bua.callproc.referrals import Referrals
from b2bua.callproc.timers import MediaTimeout
from b2bua.ipc.protocol import Assign
from b2bua.media.paths import MediaPaths
from b2bua.media.prompts.library import Library
from routing.cause import CONGESTION, NETWORK_OUT_OF_ORDER, UNREACHABLE, Cause
from routing.command import (
    Alert,
    CollectDigits,
    Command,
    Connect,
    Disconnect,
    HangUp,
    PassKeysOn,
    Play,
    Release,
    ReportTransfer,
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
_LOST: Final[dict[type[Command], str]] = {
    StartRecording: "the rest of the conversation is not recorded",
    StopRecording: "the recording has no end",
    TakeMessage: "the rest of a voicemail message is not kept",
}


def _why(fault: Exception) -> str:
    return fault.strerror or str(fault) if isinstance(fault, OSError) else str(getattr(fault, "reason", fault))


class CommandExecutor:
    """Every leg of one call, and what is done to them."""

    def __init__(
        self,
        assign: Assign,
        account: Account,
        shelves: MediaPaths,
        note: Callable[[LegEvent], None],
        complain: Callable[[str], None],
    ) -> None:
        self._assign = assign
        self._account = account
        self._shelves = shelves
        self._note = note
        self._complain = complain
        self.legs: dict[LegId, Leg] = {}
        self.sip_call_ids: dict[LegId, str] = {}
        self.bridge = Bridge(self.legs)
        self.referrals = Referrals(self.legs)
        self.keys = KeyRelay()
        self._sending = KeySender(self.legs)
        self.interaction = Interaction(self.legs, Library(shelves.prompts, assign.facts.dialled))
        self.inband_dtmf = InbandDtmf(self.legs)
        self.media_timeout = MediaTimeout(self.legs)
        self.recording = (
            ConversationRecorder(shelves.recordings, assign.call_id, shelves.key) if shelves.recordings else None
        )
        self.message: MessageRecorder | None = None
        self._untaken = False

    def evidence(self) -> dict[str, LegEvidence]:
        """What the audio of each leg that has any is like now (`evidence_of`)."""
        up = ((name, evidence_of(leg, 0)) for name, leg in self.legs.items() if not leg.is_down)
        return {str(name): seen for name, seen in up if seen}

    def carry_out(self, command: Command, now: float, after: Cause | None) -> None:
        """Do what a command says. `after` is why the target before did not take the call, for Diversion."""
        match command:
            case Play() | StopPlaying() | CollectDigits() | StopCollecting() | PassKeysOn():
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
                self.end(CALLER, cause)
            case Ring():
                self._ring(command, after)
            case StopRinging(leg=leg, cause=cause) | HangUp(leg=leg, cause=cause):
                self.end(leg, cause)
            case Connect(a=a, b=b):
                self.bridge.connect(a, b)
                self._tape_on()
                self._renew_for_fax(a)
            case Disconnect(a=a, b=b):
                self.bridge.disconnect(a, b)
                self._tape_on()
            case ReportTransfer():
                self.referrals.report(command)

    def _interact(self, command: Play | StopPlaying | CollectDigits | StopCollecting | PassKeysOn, now: float) -> None:
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
                self.keys.decide(leg, Meant.US)
            case PassKeysOn(leg=leg):
                self.keys.decide(leg, Meant.FAR_END)

    def _open_audio(self, command: Play) -> None:
        """Let the caller hear: by 183, or by 200 where the carrier does not pass on what comes before it.

        An INVITE without an offer is answered too: our offer may not go in an unreliable 183 (RFC 3261, 13.2.1).
        """
        caller = self.legs.get(CALLER)
        if command.leg != CALLER or caller is None or caller.is_accepted:
            return
        self.bridge.silence(CALLER)
        if self._assign.early_media and caller.has_offer:
            caller.progress()
        elif command.loop:
            caller.ring()
        else:
            caller.accept()

    def _keep(self, command: StartRecording | StopRecording | TakeMessage, now: float) -> None:
        """Tape something. A disk that does not take it must not end the conversation."""
        try:
            match command:
                case StartRecording() if self.recording is not None:
                    self.recording.start()
                    self._tape_on()
                case StopRecording() if self.recording is not None:
                    self.recording.stop(now)
                case TakeMessage():
                    self._untaken = True
                    self._take_message(command, now)
                    self._untaken = False
        except (OSError, pj.Error) as fault:
            self._complain(f"{_LOST[type(command)]}: {_why(fault)}")

    def _take_message(self, command: TakeMessage, now: float) -> None:
        if self._shelves.messages is None:
            raise FileNotFoundError("no folder for messages is given")
        box = Path(self._assign.facts.dialled, command.mailbox)
        self.message = MessageRecorder(self._shelves.messages, box, self._assign.call_id, self._shelves.key)
        self.message.begin(self._audio(CALLER), now, command.most_s, command.silence_s)

    def _tape_on(self) -> None:
        """Record the caller and whom they talk with; what a seat says to another is not recorded."""
        if self.recording is not None and self.recording.is_running:
            partner = self.bridge.partner(CALLER)
            self.recording.follow(self._audio(CALLER), None if partner is None else self._audio(partner))

    def _audio(self, leg: LegId) -> pj.AudioMedia | None:
        return self.legs[leg].audio() if leg in self.legs else None

    def follow(self, leg: LegId, now: float) -> None:
        """A leg's audio changed: everything that should flow is joined again."""
        self.bridge.follow()
        self.interaction.follow(leg, now)
        self.inband_dtmf.follow(leg)
        self._tape_on()
        self._renew_for_fax(leg)

    def _renew_for_fax(self, leg: LegId) -> None:
        """A fax takes G.711 and a steady clock only: what was agreed with the caller for speech is agreed anew (M6)."""
        if leg in self.legs and self.legs[leg].is_fax:
            use_codecs(TELEPHONE_CODECS)
            self.legs[leg].renew_for_fax()
            use_codecs(self._assign.codecs)

    def listen(self, now: float) -> None:
        """Note the keys that came as sound, where they can come in no other way."""
        wanted = self.interaction.gathering if self.message is None else [CALLER]
        if wanted or self.inband_dtmf.are_open:
            self.inband_dtmf.attend(wanted, now)
            for leg, key in self.inband_dtmf.heard():
                self._note(Keyed(leg, key))

    def press(self, keyed: Keyed, now: float) -> None:
        """A leg keyed something: keys end a message, or go to whoever gathers them, or on to the other leg."""
        if not self.keys.hear(keyed, now):
            return
        if self.message is not None and keyed.leg == CALLER:
            self.keys.decide(keyed.leg, Meant.US)
            if keyed.key == _ENDS_MESSAGE:
                self.message.finish(now)
            return
        others = self.interaction.press(keyed.leg, keyed.key, now)
        self.keys.decide(keyed.leg, Meant.FAR_END, others)

    def collected(self, leg: LegId) -> None:
        """A collection is over, and the flow has said what of it goes on: the rest was for us."""
        self.keys.decide(leg, Meant.US)

    def pass_keys_on(self, now: float) -> None:
        """Send on the keys that are over and not for us."""
        for passed in self.keys.due(now):
            heard_by = self.bridge.hears(passed.heard_on)
            if heard_by is not None:
                self._sending.send(heard_by, passed, now)
        self._sending.go_on(now)

    def next_key_due(self) -> float | None:
        """When a key must be sent on unless something comes before."""
        moments = (self.keys.next_due_s(), self._sending.next_due_s())
        return min((moment for moment in moments if moment is not None), default=None)

    def keep_on(self) -> None:
        """Put on disk what is being recorded; a disk that does not take it ends the recording, not the call."""
        if self.recording is None:
            return
        try:
            self.recording.turn()
        except OSError as fault:
            self._complain(f"{_LOST[StartRecording]}: {_why(fault)}")

    def is_clear(self, now: float) -> bool:
        """Whether, all legs being down, what was taped is on disk too."""
        if self.recording is None:
            return True
        self.recording.stop(now)
        try:
            return self.recording.finish(now)
        except OSError as fault:
            self._complain(f"{_LOST[StartRecording]}: {_why(fault)}")
            return True

    def message_over(self, now: float) -> int | None:
        """The length of a message that has come to its end in seconds; None if none has."""
        if self._untaken:
            self._untaken = False
            return 0
        if self.message is None:
            return None
        seconds = 0
        try:
            if not self.message.listen(self._audio(CALLER), now):
                return None
        except OSError as fault:
            self._complain(f"{_LOST[TakeMessage]}: {_why(fault)}")
        try:
            seconds = self.message.close()
        except OSError as fault:
            self._complain(f"{_LOST[TakeMessage]}: {_why(fault)}")
        self.message = None
        return seconds

    def answer(self) -> None:
        """Answer the caller."""
        if CALLER in self.legs:
            self.legs[CALLER].accept()

    def end_all(self, cause: Cause) -> None:
        """End every leg."""
        for leg in list(self.legs.values()):
            leg.end(cause)

    @property
    def are_leaving(self) -> bool:
        """Whether there are legs, and none that is meant to stay."""
        return bool(self.legs) and all(leg.is_leaving for leg in self.legs.values())

    def is_gone(self, name: LegId) -> bool:
        """Whether a leg that is down has been settled with the far end."""
        return name not in self.legs or self.legs[name].is_gone

    def let_go(self, name: LegId) -> bool:
        """Take no more of a leg that is down, and forget it once it `is_gone`: then True."""
        if name in self.legs:
            self.bridge.drop(name)
            self.interaction.drop(name)
            self.inband_dtmf.drop(name)
            self.keys.drop(name)
            self._sending.drop(name)
        if not self.is_gone(name):
            return False
        self.legs.pop(name, None)
        return True

    def _alert(self, source: LegId | None) -> None:
        caller = self.legs.get(CALLER)
        if caller is None:
            return
        if source is None or not (self._assign.early_media and caller.has_offer):
            caller.ring()  # our ringing tone, if the caller hears it, goes on
        else:
            self.interaction.silence(CALLER)
            caller.progress()
            self.bridge.overhear(source, CALLER)

    def _ring(self, command: Ring, after: Cause | None) -> None:
        leg = Leg(self._account, command.leg, self._note)
        try:
            invite = invitation(command, self._assign, after)
            leg.is_fax = command.fax
            if CALLER in self.legs:
                self.legs[CALLER].is_fax = command.fax
            if command.fax:  # no other codec carries a fax (M6)
                use_codecs(TELEPHONE_CODECS)
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
        finally:
            if command.fax:
                use_codecs(self._assign.codecs)

    def _fail(self, leg: LegId, cause: Cause) -> None:
        self._note(LegDown(leg, cause.sip, cause.q850))

    def end(self, name: LegId, cause: Cause) -> None:
        """End a leg, if it is there and PJSIP is not ending it already."""
        if name in self.legs:
            self.legs[name].end(cause)
