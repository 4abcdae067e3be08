"""One closing rule: whatever dies when, talk time is the time of being connected, and never more."""

import zlib
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.base.serialization import pack
from b2bua.callproc.cdr_builder import CdrBuilder
from b2bua.calls.active_calls import ActiveCalls
from b2bua.ipc.protocol import Assign, InviteKey
from b2bua.records.call_record import CallRecord, CallState, Connected, Party
from b2bua.records.closing import HELD_BACK_MS, SIGN_OF_LIFE_MS, close, latest_known_ms, talk_ms
from b2bua.store.rows import from_blob
from routing.cause import BUSY, CRASHED, DAEMON_LOST, NORMAL
from routing.command import Command, Connect, Disconnect, HangUp, Release
from routing.event import (
    CallerHungUp,
    CallerReleased,
    DigitsKeyed,
    Event,
    KeysEnd,
    MediaLost,
    PromptEnded,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
)
from routing.ids import CALLER, LegId, NodeName
from routing.state import Attempt, Inbound, NotifyingParties, State, Talking, Transferring
from tests.support.samples import ARRIVED_MS, ended_record, ending, open_record, talking_record
from tests.unit.routing.calls import HEAD, Call, facts_of

LOST, DIED = ending(DAEMON_LOST), ending(CRASHED)
POLL_MS = 1000
"""How often a call process looks at its call though nothing happens."""
TARGETS = (
    '[targets]\nfront-desk = "021-6228 8300"\nsales = "021-6228 8301"\n'
    'duty = { address = "138 0013 8000", capacity = 1 }\n'
)
EXTENSIONS = '[extensions]\n801 = "sales"\n802 = "both"\n[transfer]\n'
NODES = (
    '[nodes.desk]\nkind = "hunt"\ntargets = ["front-desk"]\n[nodes.both]\nkind = "hunt"\ntargets = ["sales", "duty"]\n'
)
PLAN = HEAD + TARGETS + EXTENSIONS + NODES
WITH_NOTICE = 'record = true\nrecord_announce = "both"\n' + PLAN
GAPS_MS = st.one_of(st.integers(0, 2 * HELD_BACK_MS), st.integers(0, 25_000))
"""Between two moments: often so short that what happened is still held back."""
STEPS = st.lists(st.tuples(GAPS_MS, st.integers(0, 1000)), min_size=3, max_size=14)


class Life:
    """A call from its arrival on: its true connected times, and each version of its record with when it was sent.

    The true times are read off the commands for the legs; the record's come from the flow's states.
    """

    def __init__(self, document: str) -> None:
        self.call = Call(document)
        assign = Assign(
            call_id="c-1",
            invite=InviteKey("c-1@carrier", "tag"),
            accepted_ms=ARRIVED_MS,
            facts=facts_of(self.call.plan),
            plan_hash="hash",
            plan=None,
            routes=(),
            contact="sip:token@127.0.0.1",
            identity="127.0.0.1",
            media_host="127.0.0.1",
        )
        self.builder = CdrBuilder(assign, dict, counts_calls=self.call.plan.counts_calls())
        self.now_ms = 0
        self.with_caller: tuple[LegId, int] | None = None
        self.talks: list[tuple[int, int]] = []
        self.sent: list[tuple[int, CallRecord]] = []
        self._carry_out(self.call.first)
        self._write()

    def pass_time(self, until_ms: int) -> None:
        """Let the call go on, its record being looked at as a call process does."""
        while self.now_ms < until_ms:
            due_s = self.builder.next_due_s()
            due_ms = until_ms if due_s is None else max(self.now_ms + 1, round(due_s * 1000))
            self.now_ms = min(until_ms, self.now_ms + POLL_MS, due_ms)
            self._write()

    def happen(self, event: Event) -> None:
        """Something happens now."""
        gone = CALLER if isinstance(event, CallerHungUp) else getattr(event, "leg", None)
        if isinstance(event, CallerHungUp | TargetHungUp) and gone is not None:
            self._part(gone)
        self.builder.note(event)
        self._carry_out(self.call.then(event))
        self.builder.follow(self.call.state)
        self._write()

    def truth_ms(self, until_ms: int) -> int:
        """How long the caller was connected with a target until then."""
        open_talk = [(self.with_caller[1], until_ms)] if self.with_caller is not None else []
        return sum(max(0, min(end, until_ms) - begin) for begin, end in [*self.talks, *open_talk])

    def known(self, at_ms: int) -> tuple[int, CallRecord] | None:
        """The newest version that was sent by then, and when."""
        return next((one for one in reversed(self.sent) if one[0] <= at_ms), None)

    def _write(self) -> None:
        record = self.builder.write(self.call.state, self.now_ms / 1000)
        if record is not None:
            self.sent.append((self.now_ms, record))

    def _carry_out(self, commands: tuple[Command, ...]) -> None:
        for command in commands:
            match command:
                case Connect(a=a, b=b):
                    self._part(a)
                    self._part(b)
                    if a == CALLER:
                        self.with_caller = (b, self.now_ms)
                case Disconnect(a=a):
                    self._part(a)
                case HangUp(leg=leg):
                    self._part(leg)
                case Release():
                    self._part(CALLER)

    def _part(self, leg: LegId) -> None:
        if self.with_caller is not None and leg in (CALLER, self.with_caller[0]):
            self.talks.append((self.with_caller[1], self.now_ms))
            self.with_caller = None


def _legs(at_s: float, attempt: Attempt) -> list[Event]:
    """What an outbound leg that is not down can do."""
    leg = attempt.leg
    if attempt.answered_s is not None:
        return [TargetHungUp(at_s, leg, NORMAL)]
    if attempt.stopped is not None:
        return [TargetFailed(at_s, leg, NORMAL), TargetAnswered(at_s, leg)]
    answered = [TargetAnswered(at_s, leg)] * 8
    return [*answered, TargetRang(at_s, leg, early_media=False), TargetFailed(at_s, leg, BUSY)]


def possible(state: State, at_s: float) -> list[Event]:
    """What can happen to a call now; what makes it longer more often than what ends it."""
    events: list[Event] = []
    match state.activity:
        case Talking(leg=leg):
            keys = ("*2801", "*3801", "*2802", "*3802", "7")
            events += [DigitsKeyed(at_s, leg, digits, KeysEnd.END_KEY) for digits in keys] * 2
            events.append(MediaLost(at_s, leg))
        case Transferring(seat=seat, looking=looking):
            events += [TargetsLooked(at_s, NodeName("transfer"), {}, {}, {})] if looking else []
            events.append(DigitsKeyed(at_s, seat, "*1", KeysEnd.END_KEY))
        case NotifyingParties(hearing=hearing):
            events += [PromptEnded(at_s, leg) for leg in sorted(hearing)] * 4
    for attempt in state.attempts:
        if attempt.ended_s is None:
            events += _legs(at_s, attempt)
    if state.caller.inbound is Inbound.UP:
        events.append(CallerHungUp(at_s, NORMAL))
    elif state.caller.inbound is Inbound.RELEASING:
        events.append(CallerReleased(at_s))
    return events


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A call that is answered, handed over and back, and perhaps ends; the last moment is when something dies."""
    life = Life(draw(st.sampled_from([PLAN, WITH_NOTICE])))
    life.pass_time(draw(GAPS_MS))
    life.happen(TargetAnswered(life.now_ms / 1000, LegId(1)))
    for gap_ms, choice in draw(STEPS):
        life.pass_time(life.now_ms + gap_ms)
        events = possible(life.call.state, life.now_ms / 1000)
        if events:
            life.happen(events[choice % len(events)])
    life.pass_time(life.now_ms + draw(GAPS_MS))
    return life


def after_process_death(life: Life) -> CallRecord | None:
    """How the daemon closes the call if its process dies now; None if it was never told of the call, or of its end."""
    known = life.known(life.now_ms)
    if known is None or known[1].state is CallState.ENDED:
        return None
    sent_ms, record = known
    clock_s = [sent_ms / 1000]
    kept: list[CallRecord] = []
    calls = ActiveCalls(kept.append, lambda _: None, lambda: clock_s[0])
    calls.take(record)
    clock_s[0] = life.now_ms / 1000
    calls.crashed(record.call_id)
    return kept[-1]


@pytest.mark.req("P1", "F1", "S5")
@settings(max_examples=300)
@given(lives())
def test_a_process_dies(life: Life) -> None:
    """The daemon charges what was talked until then; at most what the process may have held back is not charged."""
    closed = after_process_death(life)
    if closed is not None:
        truth = life.truth_ms(life.now_ms)
        assert truth - HELD_BACK_MS <= closed.talk_ms <= truth
        assert closed.talk_ms == talk_ms(closed.connected, 0) >= 0, "nothing is open any more"
        assert closed.state is CallState.ENDED
        assert None not in [closed.ended_ms, *(attempt.ended_ms for attempt in closed.attempts)]


@pytest.mark.req("P1", "F1", "S1")
@settings(max_examples=300)
@given(lives(), st.integers(0, SIGN_OF_LIFE_MS))
def test_daemon_and_process_die(life: Life, refreshed_before_ms: int) -> None:
    """What the next daemon charges is within the last sign of life that was stored, and at most one refresh less."""
    known = life.known(life.now_ms)
    if known is None or known[1].state is CallState.ENDED:
        return
    sign_ms = max(latest_known_ms(known[1]), ARRIVED_MS + life.now_ms - refreshed_before_ms)
    closed = close(known[1], LOST, Party.SWITCH, sign_ms)
    until_sign = life.truth_ms(sign_ms - ARRIVED_MS)
    assert until_sign - HELD_BACK_MS <= closed.talk_ms <= until_sign
    assert closed.talk_ms >= life.truth_ms(life.now_ms) - SIGN_OF_LIFE_MS - HELD_BACK_MS
    assert closed.talk_ms >= 0


@pytest.mark.req("P1", "F1")
@given(lives())
def test_the_process_gives_up(life: Life) -> None:
    """A process that ends its call by itself knows all: it charges exactly what was talked."""
    closed = life.builder.close(life.call.state, life.now_ms / 1000, CRASHED)
    assert closed.talk_ms == life.truth_ms(life.now_ms)
    assert closed.state is CallState.ENDED


@pytest.mark.req("P1", "F1", "S1")
@given(lives())
def test_the_daemon_dies_alone(life: Life) -> None:
    """The process goes on and says at the end, to whatever daemon there is, exactly what was talked."""
    life.happen(CallerHungUp(life.now_ms / 1000, NORMAL))
    while not life.call.over():
        life.pass_time(life.now_ms + 40)
        life.happen(possible(life.call.state, life.now_ms / 1000)[0])
    record = life.sent[-1][1]
    assert record.state is CallState.ENDED
    assert record.talk_ms == life.truth_ms(life.now_ms)
    assert record.talk_ms == talk_ms(record.connected, 0)


def _whole(life: Life) -> CallRecord | None:
    known = life.known(life.now_ms)
    return None if known is None else known[1]


@pytest.mark.req("P1", "F1")
@given(lives(), st.integers(-3_600_000, 3_600_000), st.integers(0, 60_000))
def test_a_later_sign_of_life_never_takes_talk_away(life: Life, sign_ms: int, more_ms: int) -> None:
    """One from before the record's own last word, as after a clock was set back, changes nothing; talk only grows."""
    record = _whole(life)
    if record is None:
        return
    sign = latest_known_ms(record) + sign_ms
    closed, later = (close(record, LOST, Party.SWITCH, at) for at in (sign, sign + more_ms))
    assert 0 <= record.talk_ms <= closed.talk_ms <= later.talk_ms <= closed.talk_ms + more_ms
    if sign_ms <= 0:
        assert closed == close(record, LOST, Party.SWITCH, latest_known_ms(record))
        assert closed.talk_ms == record.talk_ms


@pytest.mark.req("P1")
@given(lives(), st.integers(0, 60_000), st.integers(0, 60_000))
def test_what_is_closed_stays_closed(life: Life, first_ms: int, again_ms: int) -> None:
    """To close a closed record again, for whatever reason, lengthens nothing and changes no cause."""
    record = _whole(life)
    if record is None:
        return
    closed = close(record, LOST, Party.SWITCH, latest_known_ms(record) + first_ms)
    again = close(closed, DIED, Party.OPERATOR, latest_known_ms(closed) + again_ms)
    assert attrs.evolve(again, as_of_ms=closed.as_of_ms) == closed


def test_an_end_that_was_decided_stands() -> None:
    """A call whose caller had hung up, and whose legs were still to be settled, keeps that end; its leg is closed."""
    talking = talking_record(connected=(Connected(2, ARRIVED_MS + 2000, ARRIVED_MS + 8000),))
    leaving = attrs.evolve(
        talking,
        state=CallState.ENDING,
        ended_ms=ARRIVED_MS + 8000,
        ending=ending(NORMAL),
        hung_up_by=Party.CALLER,
        as_of_ms=ARRIVED_MS + 8100,
    )
    closed = close(leaving, DIED, Party.SWITCH, ARRIVED_MS + 9000)
    assert (closed.state, closed.ended_ms, closed.talk_ms) == (CallState.ENDED, ARRIVED_MS + 8000, 6000)
    assert (closed.ending, closed.hung_up_by) == (ending(NORMAL), Party.CALLER)
    assert (closed.attempts[1].ended_ms, closed.attempts[1].ending) == (ARRIVED_MS + 9000, DIED)


@pytest.mark.req("P1")
@pytest.mark.parametrize("made", [open_record, talking_record, ended_record])
def test_a_record_of_an_earlier_version_is_read(made: Callable[..., CallRecord]) -> None:
    """One that was stored before records said when caller and target were connected: its talk time stands."""
    record = made(talk_ms=4321, connected=())
    plain = attrs.asdict(record, value_serializer=lambda _, __, value: getattr(value, "value", value))
    del plain["connected"], plain["as_of_ms"]
    read = from_blob(zlib.compress(pack(plain)))
    assert read == record
    closed = close(read, LOST, Party.SWITCH, ARRIVED_MS + 60_000)
    assert closed.talk_ms == 4321
