"""A picture of a call's legs as the hands would have them: it carries out commands, and refuses impossible
ones."""

from enum import Enum

from routing.command import (
    Alert,
    Answer,
    Command,
    Connect,
    HangUp,
    Release,
    Ring,
    StartTimer,
    StopRinging,
    StopTimer,
)
from routing.ids import CALLER, LegId, TimerName
from routing.plan import Plan


class Leg(Enum):
    """An outbound leg."""

    RINGING = 1
    STOPPING = 2
    ANSWERED = 3
    ENDING = 4
    DOWN = 5


class Hands:
    """The caller's leg, the outbound legs, and the timers of one call."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.legs: dict[LegId, Leg] = {}
        self.addresses: dict[LegId, str] = {}
        self.timers: set[TimerName] = set()
        self.alerted: list[LegId | None] = []
        self.caller_up = True
        self.releasing = False
        self.answered = False
        self.connected: LegId | None = None

    def any_leg(self, *states: Leg) -> bool:
        """Whether a leg is in one of these states."""
        return any(state in states for state in self.legs.values())

    def carry_out(self, command: Command) -> None:
        """Do it, or fail the test: no hands could."""
        match command:
            case Alert(early_media_from=leg):
                assert self.caller_up
                assert not self.answered
                assert not self.releasing
                assert leg not in self.alerted, "alerted twice in the same way"
                assert leg is None or self.legs[leg] is Leg.RINGING
                self.alerted.append(leg)
            case Answer():
                assert self.caller_up
                assert not self.answered
                assert not self.releasing
                self.answered = True
            case Release():
                assert self.caller_up
                assert not self.releasing
                self.releasing = True
            case Ring(leg=leg, target=target, address=address):
                assert self.caller_up
                assert not self.releasing
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
                if self.connected == leg:
                    self.connected = None
            case Connect(a=a, b=b):
                assert a == CALLER
                assert self.answered
                assert self.legs[b] is Leg.ANSWERED
                self.connected = b
            case StartTimer(timer=timer, after_s=after_s):
                assert after_s > 0
                assert timer not in self.timers
                self.timers.add(timer)
            case StopTimer(timer=timer):
                assert timer in self.timers
                self.timers.remove(timer)
            case _:
                raise AssertionError(f"no hands for {command}")
