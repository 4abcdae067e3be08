"""Caller, targets, timers and operators in any order: what must hold of every call (S2, issue of the first
bridge).

The machine below stands for the call process: it carries out each command on its own model of the legs, and refuses any
that no call process could carry out. It then ends the call and sees that everything goes down.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routing import flow
from routing.cause import BUSY, CALLER_CANCELLED, NO_ANSWER, NORMAL, from_sip
from routing.command import Command, TakePlace
from routing.event import (
    Arrived,
    CallerHungUp,
    CallerReleased,
    DigitsKeyed,
    Event,
    KeysEnd,
    MediaLost,
    MessageTaken,
    OperatorHungUp,
    PlaceTaken,
    PromptEnded,
    QueueMoved,
    SecretKeyed,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
    TimerFired,
    TransferAsked,
)
from routing.facts import Facts
from routing.ids import CALLER, LegId, TimerName
from routing.plan import Plan
from routing.state import Hunting, Phase
from tests.unit.routing.call_model import CallModel, Leg
from tests.unit.routing.example import entered_anywhere
from tests.unit.routing.strategies import facts, plans

causes = st.sampled_from([BUSY, NO_ANSWER, NORMAL, from_sip(404, None), from_sip(503, 38), from_sip(600, None)])


seldom = st.sampled_from([False] * 9 + [True])
"""Whether what would end the call happens now: seldom, or no call would get far."""


class CallMachine(RuleBasedStateMachine):
    """One call, from its arrival to its end."""

    @initialize(plan=entered_anywhere() | plans(), of=facts())
    def arrive(self, plan: Plan, of: Facts) -> None:
        """The caller's INVITE is accepted."""
        self.plan = plan
        self.model = CallModel(plan)
        self.now = 0.0
        self.events: list[Event] = []
        self.said: list[tuple[Command, ...]] = []
        self.first = self.state = flow.begin(plan, of)
        self.feed(Arrived(0.0))

    def feed(self, event: Event) -> None:
        """Give the flow an event, and carry out what it says."""
        self.now += 0.5
        before = self.state
        self.state, commands = flow.step(self.plan, before, event)
        assert before.outcome is None or self.state.outcome == before.outcome, "a second outcome"
        self.events.append(event)
        self.said.append(commands)
        for command in commands:
            self.model.carry_out(command)

    def caller_gone(self) -> None:
        """The caller's leg is down, and with it whatever it heard and keyed."""
        self.model.caller_up = False
        self.model.hears = None
        self.model.collecting.pop(CALLER, None)

    def some_leg(self, data: st.DataObject, *states: Leg) -> LegId:
        """A leg in one of these states."""
        return data.draw(st.sampled_from([leg for leg, state in self.model.legs.items() if state in states]))

    @precondition(lambda self: self.model.any_leg(Leg.RINGING, Leg.STOPPING))
    @rule(data=st.data(), early_media=st.booleans())
    def target_rings(self, data: st.DataObject, early_media: bool) -> None:
        """A target's 180 or 183, perhaps again, perhaps after we stopped it."""
        self.feed(TargetRang(self.now, self.some_leg(data, Leg.RINGING, Leg.STOPPING), early_media))

    @precondition(lambda self: self.model.any_leg(Leg.RINGING, Leg.STOPPING))
    @rule(data=st.data())
    def target_answers(self, data: st.DataObject) -> None:
        """A target answers, perhaps against our CANCEL."""
        leg = self.some_leg(data, Leg.RINGING, Leg.STOPPING)
        self.model.legs[leg] = Leg.ANSWERED
        self.feed(TargetAnswered(self.now, leg))

    @precondition(lambda self: self.model.any_leg(Leg.RINGING, Leg.STOPPING))
    @rule(data=st.data(), cause=causes)
    def target_fails(self, data: st.DataObject, cause: object) -> None:
        """A target refuses, or its cancelled leg is down."""
        leg = self.some_leg(data, Leg.RINGING, Leg.STOPPING)
        self.model.down(leg)
        self.feed(TargetFailed(self.now, leg, cause))  # type: ignore[arg-type] # sampled from a list of causes

    @precondition(lambda self: self.model.any_leg(Leg.ANSWERED, Leg.ENDING))
    @rule(data=st.data())
    def target_hangs_up(self, data: st.DataObject) -> None:
        """An answered leg goes down."""
        leg = self.some_leg(data, Leg.ANSWERED, Leg.ENDING)
        self.model.down(leg)
        self.feed(TargetHungUp(self.now, leg, NORMAL))

    @precondition(lambda self: self.model.timers)
    @rule(data=st.data())
    def timer_fires(self, data: st.DataObject) -> None:
        """A running timer runs out."""
        timer = data.draw(st.sampled_from(sorted(self.model.timers)))
        self.model.timers.discard(timer)
        self.feed(TimerFired(self.now, timer))

    @precondition(lambda self: self.model.caller_up)
    @rule(now=seldom)
    def caller_hangs_up(self, now: bool) -> None:
        """CANCEL or BYE, perhaps crossing our release."""
        if not (now or self.model.releasing):
            return
        self.caller_gone()
        self.feed(CallerHungUp(self.now, NORMAL if self.model.answered else CALLER_CANCELLED))

    @precondition(lambda self: self.model.releasing and self.model.caller_up)
    @rule()
    def caller_is_released(self) -> None:
        """The caller's leg is down as we asked."""
        self.caller_gone()
        self.feed(CallerReleased(self.now))

    @precondition(lambda self: self.model.hears and not self.model.hears.loop)
    @rule()
    def prompt_ends(self) -> None:
        """A prompt was heard to its end."""
        self.model.hears = None
        self.feed(PromptEnded(self.now, CALLER))

    @precondition(lambda self: self.model.hearing)
    @rule(data=st.data())
    def target_has_heard(self, data: st.DataObject) -> None:
        """A target heard to the end what it is told."""
        leg = data.draw(st.sampled_from(sorted(self.model.hearing)))
        self.model.hearing.discard(leg)
        self.feed(PromptEnded(self.now, leg))

    @precondition(lambda self: self.model.collecting)
    @rule(data=st.data(), digits=st.sampled_from(["", "1", "0", "801", "*2801", "*3802", "*3801", "*1", "9", "#"]))
    def keys_come(self, data: st.DataObject, digits: str) -> None:
        """A caller or a seat keys something, or nothing in time."""
        leg = data.draw(st.sampled_from(sorted(self.model.collecting)))
        collect = self.model.collecting.pop(leg)
        if leg == CALLER:
            self.model.hears = None
        if collect.secret:
            self.feed(SecretKeyed(self.now, leg, digits == "801", KeysEnd.END_KEY))
        else:
            self.feed(DigitsKeyed(self.now, leg, digits, KeysEnd.INTER_TIMEOUT if digits else KeysEnd.FIRST_TIMEOUT))

    @precondition(lambda self: self.model.asked)
    @rule(place=st.integers(0, 300), data=st.data())
    def daemon_tells(self, place: int, data: st.DataObject) -> None:
        """The daemon answers the oldest question, perhaps too late."""
        question = self.model.asked.pop(0)
        if isinstance(question, TakePlace):
            self.feed(PlaceTaken(self.now, question.node, place))
            return
        counts = st.fixed_dictionaries({name: st.integers(0, 3) for name in question.targets})
        down = st.dictionaries(st.sampled_from(question.targets), st.just("taken out"), max_size=1)
        self.feed(TargetsLooked(self.now, question.node, data.draw(counts), data.draw(counts), data.draw(down)))

    @precondition(lambda self: self.model.queue)
    @rule(place=st.integers(0, 3))
    def queue_moves(self, place: int) -> None:
        """The line moves."""
        self.feed(QueueMoved(self.now, self.model.queue, place))  # type: ignore[arg-type] # the precondition says so

    @precondition(lambda self: self.model.message)
    @rule(seconds=st.integers(0, 60))
    def message_is_taken(self, seconds: int) -> None:
        """The message is recorded."""
        self.model.message = False
        self.feed(MessageTaken(self.now, seconds))

    @rule(
        leg=st.integers(0, 4).map(LegId),
        to=st.sampled_from(["sip:801@x", "802", "mobile", "13800138000", "119"]),
        replaces=st.sampled_from(["", "other@pbx;to-tag=a;from-tag=b"]),
    )
    def transfer_is_asked(self, leg: LegId, to: str, replaces: str) -> None:
        """Some leg sends REFER."""
        self.feed(TransferAsked(self.now, leg, to, replaces))

    @rule(now=seldom)
    def operator_hangs_up(self, now: bool) -> None:
        """The console's wish, at any time."""
        if not now:
            return
        self.feed(OperatorHungUp(self.now, "wang"))

    @rule(leg=st.integers(0, 6).map(LegId), now=seldom)
    def media_is_lost(self, leg: LegId, now: bool) -> None:
        """No audio from some leg, of this call or not."""
        if not now:
            return
        self.feed(MediaLost(self.now, leg))

    @rule(leg=st.integers(-1, 30).map(LegId), timer=st.sampled_from(["ring-1", "x"]).map(TimerName))
    def stray_events(self, leg: LegId, timer: TimerName) -> None:
        """Events for what is gone or never was: nothing is said and nothing changes but the clock."""
        gone = self.model.legs.get(leg, Leg.DOWN) is Leg.DOWN
        before = self.state
        if gone:
            self.feed(TargetAnswered(self.now, leg))
            self.feed(TargetFailed(self.now, leg, BUSY))
        if timer not in self.model.timers:
            self.feed(TimerFired(self.now, timer))
        assert (self.state.attempts, self.state.phase, self.state.outcome) == (
            before.attempts,
            before.phase,
            before.outcome,
        )

    @invariant()
    def over_exactly_when_all_is_down(self) -> None:
        """The call is over when, and only when, its outcome is set and every leg is down."""
        down = not self.model.caller_up and not self.model.any_leg(*set(Leg) - {Leg.DOWN})
        assert self.state.over == (down and self.state.outcome is not None)
        assert self.state.over == (self.state.phase is Phase.ENDED)
        if down:
            assert self.state.outcome is not None

    @invariant()
    def one_leg_with_the_caller(self) -> None:
        """Who talks, talks with the caller or about them; nobody is forgotten."""
        if self.state.phase is Phase.TALKING:
            assert self.model.answered
            assert self.state.charged_from_s is not None

    @invariant()
    def no_silence_while_it_rings(self) -> None:
        """A caller whose audio was opened hears a prompt, a tone or a target's early media while targets ring."""
        if isinstance(self.state.activity, Hunting) and self.model.caller_there() and self.model.audio_open:
            assert self.model.hears or self.model.early_media_from in self.state.activity.ringing

    @invariant()
    def attempts_agree_with_the_legs(self) -> None:
        """The state's account of its legs agrees with the model's."""
        for attempt in self.state.attempts:
            assert (attempt.ended_s is not None) == (self.model.legs[attempt.leg] is Leg.DOWN)
            assert (attempt.cause is None) == (attempt.ended_s is None)

    @invariant()
    def charged_only_from_an_answer(self) -> None:
        """Nothing is charged without an answered caller and an answered target."""
        if self.state.charged_from_s is not None:
            assert self.state.answered_s is not None
            assert any(attempt.answered_s == self.state.charged_from_s for attempt in self.state.attempts)

    def teardown(self) -> None:
        """End the call: it must come to rest. Then decide it again: it must come out the same."""
        if not hasattr(self, "model"):
            return
        if self.model.caller_up:
            self.caller_gone()
            self.feed(CallerHungUp(self.now, NORMAL))
        for leg in list(self.model.legs):
            if self.model.legs[leg] is not Leg.DOWN:
                assert self.model.legs[leg] in (Leg.STOPPING, Leg.ENDING), "a leg was left up"
                answered = self.model.legs[leg] is Leg.ENDING
                self.model.down(leg)
                self.feed((TargetHungUp if answered else TargetFailed)(self.now, leg, NORMAL))
        assert self.state.over
        assert not self.model.timers
        state = self.first
        for event, said in zip(self.events, self.said, strict=True):
            state, commands = flow.step(self.plan, state, event)
            assert commands == said
        assert state == self.state


@pytest.mark.req("S2", "R6")
class TestCall(CallMachine.TestCase):  # type: ignore[misc,valid-type] # Hypothesis makes the class at run time
    """Every run of the machine above."""

    settings = settings(max_examples=80, stateful_step_count=40)
