"""A model of a call's legs, in place of the call process: it carries out commands, and refuses impossible ones."""

from enum import Enum

from routing.caller import RINGING_TONE
from routing.command import (
    Alert,
    Answer,
    CollectDigits,
    Command,
    Connect,
    Disconnect,
    HangUp,
    JoinQueue,
    LeaveQueue,
    LookAtTargets,
    PassKeysOn,
    Play,
    Release,
    ReportTransfer,
    Ring,
    StartRecording,
    StartTimer,
    StopCollecting,
    StopPlaying,
    StopRecording,
    StopRinging,
    StopTimer,
    TakeMessage,
    TakePlace,
)
from routing.ids import CALLER, LegId, NodeName, TimerName
from routing.plan import Announced, Plan


class Leg(Enum):
    """An outbound leg."""

    RINGING = 1
    STOPPING = 2
    ANSWERED = 3
    ENDING = 4
    DOWN = 5


class CallModel:
    """The caller's leg, the outbound legs, timers, prompts, keys and questions of one call."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.legs: dict[LegId, Leg] = {}
        self.addresses: dict[LegId, str] = {}
        self.timers: set[TimerName] = set()
        self.alerted: list[LegId | None] = []
        self.caller_up = True
        self.releasing = False
        self.answered = False
        self.with_caller: LegId | None = None
        self.hears: Play | None = None
        self.audio_open = False
        self.early_media_from: LegId | None = None
        self.hearing: set[LegId] = set()
        self.collecting: dict[LegId, CollectDigits] = {}
        self.asked: list[TakePlace | LookAtTargets] = []
        self.queue: NodeName | None = None
        self.message = False
        self.recording = False
        self.was_told = False
        self.told: set[str] = set()
        self.faxes: set[LegId] = set()

    def any_leg(self, *states: Leg) -> bool:
        """Whether a leg is in one of these states."""
        return any(state in states for state in self.legs.values())

    def caller_there(self) -> bool:
        """Whether the caller can be told anything."""
        return self.caller_up and not self.releasing

    def down(self, leg: LegId) -> None:
        """An outbound leg goes down."""
        self.legs[leg] = Leg.DOWN
        self.collecting.pop(leg, None)
        self.hearing.discard(leg)
        if self.with_caller == leg:
            self.with_caller = None

    def carry_out(self, command: Command) -> None:
        """Do it, or fail the test: no call process could."""
        match command:
            case Play(leg=leg) if leg != CALLER:
                assert self.legs[leg] is Leg.ANSWERED
                assert not command.loop
                self.hearing.add(leg)
                self.told.add(self.addresses[leg])
            case Alert() | Answer() | Release() | Play() | StopPlaying() | TakeMessage():
                assert self.caller_there(), f"{command} to a caller who is gone"
                self._to_caller(command)
            case (
                Ring()
                | StopRinging()
                | HangUp()
                | Connect()
                | Disconnect()
                | CollectDigits()
                | PassKeysOn()
                | StopCollecting()
                | ReportTransfer()
            ):
                self._to_legs(command)
            case StartTimer(timer=timer, after_s=after_s):
                assert after_s > 0
                assert timer not in self.timers
                self.timers.add(timer)
            case StopTimer(timer=timer):
                assert timer in self.timers
                self.timers.remove(timer)
            case TakePlace() | LookAtTargets():
                self.asked.append(command)
            case JoinQueue(node=node):
                assert self.queue is None
                self.queue = node
            case LeaveQueue(node=node):
                assert self.queue == node
                self.queue = None
            case StartRecording():
                assert not self.recording
                if self.plan.record_announce is not Announced.NOBODY:
                    assert self.was_told, "recorded without a word"
                self.recording = True
            case StopRecording():
                assert self.recording
                self.recording = False
            case _:
                raise AssertionError(f"not to be carried out: {command}")

    def _to_caller(self, command: Command) -> None:
        match command:
            case Alert(early_media_from=leg):
                assert not self.answered
                rings = leg is None and self.hears == Play(CALLER, (RINGING_TONE,), loop=True)
                assert rings or self.hears is None, "our own prompt is early media already"
                assert leg not in self.alerted, "alerted twice in the same way"
                assert leg is None or self.legs[leg] is Leg.RINGING
                self.alerted.append(leg)
                if leg is not None:
                    self.audio_open, self.early_media_from = True, leg
            case Answer():
                assert not self.answered
                self.answered = self.audio_open = True
            case Release():
                self.releasing = True
                self.hears = None
                self.collecting.pop(CALLER, None)
            case Play(prompts=prompts):
                assert prompts
                assert self.hears is None, "a prompt over a prompt"
                self.hears, self.audio_open, self.early_media_from = command, True, None
                self.was_told |= prompts == (self.plan.record_prompt,)
            case StopPlaying():
                assert self.hears is not None
                self.hears = None
            case TakeMessage():
                assert self.answered
                assert not self.message
                self.message = True

    def _gather(self, command: CollectDigits | StopCollecting | PassKeysOn) -> None:
        match command:
            case CollectDigits(leg=leg):
                assert leg not in self.collecting
                assert self.caller_there() if leg == CALLER else self.legs[leg] is Leg.ANSWERED
                self.collecting[leg] = command
            case PassKeysOn(leg=leg):
                assert leg not in self.collecting, "keys that are still gathered go nowhere yet"
            case StopCollecting(leg=leg):
                del self.collecting[leg]

    def _to_legs(self, command: Command) -> None:
        match command:
            case CollectDigits() | StopCollecting() | PassKeysOn():
                self._gather(command)
            case Ring(leg=leg, target=target, address=address, fax=fax):
                self.faxes |= {leg} if fax else set()
                assert self.caller_there()
                assert leg == len(self.legs) + 1
                assert address == self.plan.targets[target].address
                live = [one for one, state in self.legs.items() if state is not Leg.DOWN]
                assert len(live) < 3, "a process holds four legs"
                assert address not in {self.addresses[one] for one in live}, "a target rung twice at once"
                self.legs[leg], self.addresses[leg] = Leg.RINGING, address
            case StopRinging(leg=leg):
                assert self.legs[leg] is Leg.RINGING
                self.legs[leg] = Leg.STOPPING
            case HangUp(leg=leg):
                assert self.legs[leg] is Leg.ANSWERED
                self.legs[leg] = Leg.ENDING
                self.collecting.pop(leg, None)
                if self.with_caller == leg:
                    self.with_caller = None
            case Connect(a=a, b=b):
                assert self.legs[b] is Leg.ANSWERED
                assert b not in self.hearing, "the target is still being told"
                if a == CALLER:
                    assert self.caller_there()
                    assert self.answered
                    assert self.hears is None
                    assert self.with_caller is None, "the caller talks with one leg at a time"
                    assert not (self.recording and b in self.faxes), "a fax is recorded"
                    if self.recording and self.plan.record_announce is Announced.BOTH:
                        assert self.addresses[b] in self.told, "recorded without a word"
                    self.with_caller = b
                else:
                    assert self.legs[a] is Leg.ANSWERED
            case Disconnect(a=a, b=b):
                assert a == CALLER
                assert self.with_caller == b
                self.with_caller = None
            case ReportTransfer(leg=leg, status=status):
                assert self.legs[leg] is Leg.ANSWERED, "only a telephone that is there can be told"
                assert 100 <= status <= 699
