"""One call in a process: what happened to its legs becomes events, its flow decides, and the commands are carried out.

Rule: a leg counts as down when PJSIP has settled it with the far end. The caller is not answered before the record
is on disk, unless the daemon is away or takes longer than `_HOLD_S`.
"""

import sys
import traceback
from collections import deque
from typing import Final

import attrs

from b2bua.callproc.cdr_builder import CdrBuilder
from b2bua.callproc.command_executor import CommandExecutor
from b2bua.callproc.ipc_client import IpcClient
from b2bua.callproc.leg import Account, Leg
from b2bua.callproc.leg_end import leg_ended
from b2bua.callproc.leg_events import (
    Answered,
    AudioChanged,
    Broke,
    Keyed,
    LegDown,
    LegEvent,
    Lost,
    Rang,
    Referred,
    Refused,
)
from b2bua.callproc.questions import PendingQuestions
from b2bua.callproc.timers import TeardownWatchdog, Timers
from b2bua.ipc.protocol import Assign, Mishap, Refer, Update
from b2bua.media.paths import MediaPaths
from b2bua.records.call_record import CallRecord
from routing.cause import CALLER_CANCELLED, CRASHED, DAEMON_LOST, NO_COMMON_CODEC, Blame, Cause, from_sip
from routing.command import (
    Answer,
    Command,
    JoinQueue,
    LeaveQueue,
    LookAtTargets,
    StartTimer,
    StopTimer,
    TakePlace,
)
from routing.event import (
    Arrived,
    CallerHungUp,
    DigitsKeyed,
    Event,
    MediaLost,
    MessageTaken,
    SecretKeyed,
    TargetAnswered,
    TargetRang,
    TimerFired,
    TransferAsked,
)
from routing.flow import begin, step
from routing.ids import CALLER, LegId
from routing.plan import Plan
from routing.state import Phase, State

_HOLD_S: Final = 2.0
_INVITE_S: Final = 4.0


class Call:
    """A call from its assignment to the moment when all its legs are down. `now` is monotonic seconds throughout."""

    def __init__(
        self, assign: Assign, plan: Plan, account: Account, link: IpcClient, shelves: MediaPaths, now: float
    ) -> None:
        self.assign = assign
        self.over = False
        self.is_stuck = False
        self.stored_seq = -1
        self.has_audio = False
        self._plan = plan
        self._link = link
        self._state: State = begin(plan, assign.facts)
        self._began = now
        self._arrived = False
        self._noted: deque[LegEvent] = deque()
        self._from_daemon: deque[Event] = deque()
        self._down: list[LegDown] = []
        self._lost: set[LegId] = set()
        self._watchdog = TeardownWatchdog()
        self._answer_by: float | None = None
        self._broken: Cause | None = None
        self._timers = Timers()
        self._questions = PendingQuestions(assign.call_id)
        self._executor = CommandExecutor(assign, account, shelves, self._noted.append, self._complain)
        self.cdr = CdrBuilder(assign, self._executor.evidence, counts_calls=plan.counts_calls())
        self.cdr.sip_call_ids = self._executor.sip_call_ids

    @property
    def is_waiting(self) -> bool:
        """Whether the INVITE is still to come."""
        return not self._arrived and not self.over

    def note(self, noted: LegEvent) -> None:
        """Take a note that came from outside a leg."""
        self._noted.append(noted)

    def next_due(self) -> float | None:
        """When this call must be looked at again even if nothing comes in."""
        tell_at_s = self.cdr.next_due_s()
        tell_at = None if tell_at_s is None else self._began + tell_at_s
        moments = (
            self._timers.next_due(),
            self._executor.interaction.next_due(),
            self._executor.next_key_due(),
            self._answer_by,
            tell_at,
        )
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def is_listening(self) -> bool:
        """Whether something must be heard in the sound itself: a message's silences, keys that come as tones."""
        return self._executor.message is not None or self._executor.inband_dtmf.are_open

    @property
    def is_recorded(self) -> bool:
        """Whether the conversation is being recorded, so that sound must be put on disk often."""
        return self._executor.recording is not None and self._executor.recording.is_running

    @property
    def is_talking(self) -> bool:
        """Whether caller and target are through to each other: nothing is in a hurry, not even the caller's answer."""
        return self._state.phase is Phase.TALKING and self._answer_by is None

    @property
    def carries_speech(self) -> bool:
        """Whether someone's words pass through here, which must not be late: a conversation, a message."""
        return self._state.phase is Phase.TALKING or self._executor.message is not None

    @property
    def has_notes(self) -> bool:
        """Whether a leg has noted something since the last turn."""
        return bool(self._noted)

    @property
    def has_settled(self) -> bool:
        """Whether PJSIP has let go of a leg since the last turn: it does so after it has said that the leg is down."""
        return any(self._executor.is_gone(down.leg) for down in self._down)

    def arrive(self, leg: Leg, now: float) -> None:
        """The INVITE is here."""
        leg.note = self._noted.append
        self._executor.legs[CALLER] = leg
        self._arrived = True
        self._began = now
        if leg.is_down:  # its CANCEL came with it, before anyone listened
            self._executor.let_go(CALLER)
            self._feed(CallerHungUp(0.0, CALLER_CANCELLED), now)
        else:
            self._from_daemon.appendleft(Arrived(0.0))

    def tell(self, event: Event) -> None:
        """The daemon told of an event."""
        self._from_daemon.append(event)

    def refer(self, refer: Refer) -> None:
        """A leg's telephone asks for a transfer."""
        noted = self._executor.referrals.take(refer)
        if noted is not None:
            self._noted.append(noted)

    def reconnected(self, now: float) -> None:
        """There is a new daemon: tell it all, and ask again."""
        if self.cdr.latest is not None:
            self._link.send(self._update(self.cdr.latest))
        for ask in self._questions.again(now):
            self._link.send(ask)

    def turn(self, now: float) -> None:
        """Take in what has happened and act on it. A fault of ours ends the call, never the process."""
        try:
            self._turn(now)
        except Exception:  # noqa: BLE001 - whatever it is, nobody else would end this call
            traceback.print_exc(file=sys.stderr)
            self._break_off(now, CRASHED)

    def _turn(self, now: float) -> None:
        self._executor.listen(now)
        while self._noted:
            self._take(self._noted.popleft(), now)
        self._settle(now)
        while self._from_daemon and self._arrived:
            event = self._from_daemon.popleft()
            if self._questions.accept(event):
                self._feed(attrs.evolve(event, at_s=self._at_s(now)), now)
        for answer in self._questions.give_up(now, self._at_s(now), link_is_up=self._link.is_up):
            self._feed(answer, now)
        for event in self._executor.interaction.due(now, self._at_s(now)):
            self._feed(event, now)
            if isinstance(event, DigitsKeyed | SecretKeyed):
                self._executor.collected(event.leg)
        self._executor.pass_keys_on(now)
        seconds = self._executor.message_over(now)
        if seconds is not None:
            self._feed(MessageTaken(self._at_s(now), seconds), now)
        self._executor.keep_on()
        while (timer := self._timers.take_due(now)) is not None:
            self._feed(TimerFired(self._at_s(now), timer), now)
        self._look_for_media_loss(now)
        if not self._arrived and now > self._began + _INVITE_S:
            self._break_off(now, DAEMON_LOST)
        self._answer_if_stored(now)
        self._take_in(now)
        if self._watchdog.is_too_long(self._executor.are_leaving, now) and self._executor.is_clear(now):
            self._give_up(now)
        self._report(now)

    def _look_for_media_loss(self, now: float) -> None:
        """Tell the flow of far ends from which no audio comes any more."""
        allowed_s = self._plan.media_lost_s
        if not self.is_talking or not allowed_s:
            self._executor.media_timeout.reset()
            return
        for leg in list(self._executor.media_timeout.lost(now, allowed_s)):
            self._feed(MediaLost(self._at_s(now), leg), now)

    def _take_in(self, now: float) -> None:
        """Take in at once what PJSIP called back while we acted, unless there is something to decide about it."""
        while self._noted and isinstance(self._noted[0], AudioChanged | LegDown):
            self._take(self._noted.popleft(), now)

    def _take(self, noted: LegEvent, now: float) -> None:
        match noted:
            case Rang(leg=leg, early_media=early_media):
                self._feed(TargetRang(self._at_s(now), leg, early_media), now)
            case Answered(leg=leg):
                self._feed(TargetAnswered(self._at_s(now), leg), now)
            case LegDown(leg=leg):
                if leg in self._executor.legs:
                    self.cdr.evidence[str(leg)] = self._executor.legs[leg].evidence
                self._down.append(noted)
            case Lost(leg=leg, status=status):
                self._lose(leg, status, now)
            case AudioChanged(leg=leg):
                self.has_audio = True
                self._executor.follow(leg, now)
            case Keyed():
                self._executor.press(noted, now)
            case Referred(leg=leg, to=to, replaces=replaces):
                self._feed(TransferAsked(self._at_s(now), leg, to, replaces), now)
            case Refused(status=status) if not self._arrived:
                self._break_off(now, attrs.evolve(from_sip(status, None), blame=Blame.CLIENT))
            case Broke(fault=fault):
                sys.stderr.write(f"call {self.assign.call_id}: a callback broke: {fault}\n")
                self._break_off(now, CRASHED)

    def _settle(self, now: float) -> None:
        """Tell the flow of each leg that has come down, once PJSIP has let go of it."""
        for down in list(self._down):
            if self._executor.let_go(down.leg):
                self._down.remove(down)
                if self._broken is None and down.leg not in self._lost:
                    self._feed(leg_ended(down, self._state, self._at_s(now)), now)
        if self._broken is not None and not self._executor.legs:
            self.over = self._executor.is_clear(now)

    def _lose(self, leg: LegId, status: int, now: float) -> None:
        """Have the flow end the other legs at once; PJSIP may take 32 s to settle this one with its far end."""
        self._lost.add(leg)
        self._executor.end(leg, NO_COMMON_CODEC)
        self._executor.let_go(leg)
        if self._broken is None:
            self._feed(leg_ended(LegDown(leg, status, 0), self._state, self._at_s(now)), now)

    def _feed(self, event: Event, now: float) -> None:
        self.cdr.note(event)
        self._state, commands = step(self._plan, self._state, event)
        self.cdr.follow(self._state)
        for command in commands:
            self._do(command, now)

    def _do(self, command: Command, now: float) -> None:
        match command:
            case Answer():
                self._answer_by = now + _HOLD_S
            case StartTimer(timer=timer, after_s=after_s):
                self._timers.start(timer, now + after_s)
            case StopTimer(timer=timer):
                self._timers.stop(timer)
            case TakePlace() | LookAtTargets() | JoinQueue() | LeaveQueue():
                self._link.send(self._questions.ask(command, now))
            case _:
                self._executor.carry_out(command, now, self._last_failure())

    def _last_failure(self) -> Cause | None:
        """Why the newest attempt that is over did not take the call."""
        before = (attempt.stopped or attempt.cause for attempt in reversed(self._state.attempts))
        return next((cause for cause in before if cause is not None), None)

    def _answer_if_stored(self, now: float) -> None:
        if self._answer_by is None:
            return
        if self.stored_seq >= 0 or not self._link.is_up or now >= self._answer_by:
            self._answer_by = None
            self._executor.answer()

    def _report(self, now: float) -> None:
        if self.over or self._broken is not None or not self._arrived:
            return
        if self._state.over and self._executor.message is not None:
            return  # the last word of a record says how long the message is
        if self._executor.recording is not None:
            self.cdr.recorded_ms = round(1000 * self._executor.recording.length_s)
        record = self.cdr.write(self._state, self._at_s(now))
        if record is not None:
            self._link.send(self._update(record))
        if self._state.over and not self._executor.legs:
            self.over = self._executor.is_clear(now)

    def _update(self, record: CallRecord) -> Update:
        return Update(record, waits=self._answer_by is not None)

    def _break_off(self, now: float, cause: Cause) -> None:
        """End the call outside its flow."""
        if self._broken is None:
            self._broken = cause
            self._link.send(Update(self.cdr.close(self._state, self._at_s(now), cause)))
            self._executor.end_all(cause)
        if not self._executor.legs:
            self.over = self._executor.is_clear(now)

    def _give_up(self, now: float) -> None:
        """End a call of which PJSIP keeps a leg for ever; its process must end too."""
        self._complain("a far end was never settled with; the call's process ends")
        self._link.send(Update(self.cdr.close(self._state, self._at_s(now), CRASHED)))
        self.over = self.is_stuck = True

    def _complain(self, text: str) -> None:
        self._link.send(Mishap(self.assign.call_id, text))

    def _at_s(self, now: float) -> float:
        return round(now - self._began, 3) if self._arrived else 0.0
