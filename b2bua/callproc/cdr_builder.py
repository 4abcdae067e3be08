"""Builds a call's record from the states that its flow goes through.

Rule: a record is sent whole at each milestone, with a higher `seq`. Sent at once: the answer to the caller, the end of
the call, and, where other calls decide by it (`Plan.counts_calls`), the begin and the end of an attempt. All else may
wait `HELD_BACK_S`, so that one message tells of several changes. `ended_ms` is when the outcome was set: what is
charged does not wait for the far ends to settle.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs

from b2bua.base.serialization import PLAIN
from b2bua.ipc.protocol import Assign
from b2bua.records.call_record import Attempt, CallRecord, CallState, Connected, Ending, Party
from b2bua.records.closing import HELD_BACK_MS, SIGN_OF_LIFE_MS, close, talk_ms
from routing import trace
from routing.cause import NORMAL, Cause
from routing.event import Event, MessageTaken
from routing.ids import LegId
from routing.state import Attempt as AttemptState
from routing.state import State, Talking

SIGN_OF_LIFE_S: Final = SIGN_OF_LIFE_MS / 1000
HELD_BACK_S: Final = HELD_BACK_MS / 1000

LegEvidence = dict[str, str | int | float]
"""What one leg's audio is like (`CallRecord.evidence`); empty without audio."""


def ending(cause: Cause, *, answered: bool) -> Ending:
    """A release cause as it stands in a record: what was answered and ended normally was a 200, whatever came after."""
    return Ending(cause.slug, cause.q850, 200 if answered and cause == NORMAL else cause.sip, cause.blame)


class CdrBuilder:
    """The record of one call. All moments given to it are seconds since the call arrived.

    `evidence_now` says what each leg's audio is like now, by leg; it is asked with each sign of life. `counts_calls`:
    other calls decide by which targets are taken.
    """

    def __init__(
        self, assign: Assign, evidence_now: Callable[[], dict[str, LegEvidence]], *, counts_calls: bool
    ) -> None:
        self._assign = assign
        self._evidence_now = evidence_now
        self._counts_calls = counts_calls
        self._facts: dict[str, Any] = PLAIN.unstructure(assign.facts)  # plain form, as it stands in the record
        self._events: list[dict[str, Any]] = []  # plain forms
        self._trace: list[dict[str, Any]] = []  # plain forms
        self._connected: list[Connected] = []
        self._ended_s: float | None = None
        self._sent: State | None = None
        self._fresh_until_s = 0.0
        self._send_at_s: float | None = None
        self.evidence: dict[str, LegEvidence] = {}
        self.recorded_ms = 0
        self._message_s = 0
        self.sip_call_ids: dict[LegId, str] = {}
        self.latest: CallRecord | None = None

    def note(self, event: Event) -> None:
        """Keep an event, so that the call can be decided again from its record."""
        if isinstance(event, MessageTaken):
            self._message_s = event.seconds
        self._events.append(PLAIN.unstructure(event, unstructure_as=Event))

    def follow(self, state: State) -> None:
        """Keep account of whom the caller is connected with, by the state that an event has led to."""
        leg = state.activity.leg if isinstance(state.activity, Talking) else None
        last = self._connected[-1] if self._connected else None
        is_open = last is not None and last.to_ms is None
        if last is not None and is_open and last.leg != leg:
            self._connected[-1] = attrs.evolve(last, to_ms=self._ms(state.at_s))
            is_open = False
        if leg is not None and not is_open:
            self._connected.append(Connected(leg, self._assign.accepted_ms + round(state.at_s * 1000)))

    def write(self, state: State, at_s: float) -> CallRecord | None:
        """The new version of the record if there is something to send or a sign of life is due, else None."""
        self.follow(state)
        if state.outcome is not None and self._ended_s is None:
            self._ended_s = at_s
        if self._sent is not None and _milestone(state) == _milestone(self._sent):
            if at_s < self._fresh_until_s or state.over:
                return None
            self.evidence.update(self._evidence_now())
        elif not self._is_urgent(state):
            self._send_at_s = self._send_at_s or at_s + HELD_BACK_S
            if at_s < self._send_at_s:
                return None
        self._sent, self._send_at_s = state, None
        self._fresh_until_s = at_s + SIGN_OF_LIFE_S
        self.latest = self._record(state, at_s)
        return self.latest

    def next_due_s(self) -> float | None:
        """When what has happened must be sent, if nothing joins it until then; None if all has been sent."""
        return self._send_at_s

    def close(self, state: State, at_s: float, cause: Cause) -> CallRecord:
        """The last version, for a call that did not end by its flow: a fault, or no INVITE came."""
        self.follow(state)
        record = self._record(state, at_s)
        end = ending(cause, answered=state.answered_s is not None)
        self.latest = close(record, end, Party.SWITCH, record.accepted_ms + round(at_s * 1000))
        return self.latest

    def _is_urgent(self, state: State) -> bool:
        """Whether a change cannot wait: a caller is answered, the call is over, or a line is taken or free."""
        sent = self._sent
        if state.over or state.answered_s != (sent.answered_s if sent else None):
            return True
        if sent is None:
            return self._counts_calls
        ends = [attempt.ended_s for attempt in state.attempts]
        return self._counts_calls and ends != [attempt.ended_s for attempt in sent.attempts]

    def _record(self, state: State, at_s: float) -> CallRecord:
        facts, outcome = state.facts, state.outcome
        self._trace += map(trace.to_plain, state.trace[len(self._trace) :])  # a trace only grows
        as_of_ms = self._assign.accepted_ms + round(at_s * 1000)
        return CallRecord(
            call_id=self._assign.call_id,
            seq=self.latest.seq + 1 if self.latest else 1,
            sip_call_id=self._assign.invite.sip_call_id,
            number=facts.dialled,
            caller=facts.caller.number,
            place=facts.caller.place,
            area=facts.caller.area,
            trunk=facts.trunk,
            plan_hash=self._assign.plan_hash,
            state=CallState(state.phase.value),
            accepted_ms=self._assign.accepted_ms,
            rang_ms=self._ms(state.rang_s),
            answered_ms=self._ms(state.answered_s),
            ended_ms=self._ms(self._ended_s),
            talk_ms=talk_ms(self._connected, as_of_ms),
            recorded_ms=self.recorded_ms,
            message_s=self._message_s,
            target=_target(state),
            attempts=tuple(self._attempt(attempt) for attempt in state.attempts),
            hung_up_by=Party(outcome.hung_up_by.value) if outcome else None,
            ending=ending(outcome.cause, answered=state.answered_s is not None) if outcome else None,
            trace=tuple(self._trace),
            facts=self._facts,
            events=tuple(self._events),
            evidence=dict(self.evidence),
            connected=tuple(self._connected),
            as_of_ms=as_of_ms,
        )

    def _attempt(self, attempt: AttemptState) -> Attempt:
        return Attempt(
            leg=attempt.leg,
            target=attempt.target,
            address=attempt.address,
            began_ms=self._assign.accepted_ms + round(attempt.began_s * 1000),
            rang_ms=self._ms(attempt.rang_s),
            answered_ms=self._ms(attempt.answered_s),
            ended_ms=self._ms(attempt.ended_s),
            ending=ending(attempt.cause, answered=attempt.answered_s is not None) if attempt.cause else None,
            sip_call_id=self.sip_call_ids.get(attempt.leg, ""),
        )

    def _ms(self, at_s: float | None) -> int | None:
        return None if at_s is None else self._assign.accepted_ms + round(at_s * 1000)


def _milestone(state: State) -> object:
    """What of a state is worth a new version of the record."""
    talks = isinstance(state.activity, Talking)
    return (state.phase, state.rang_s, state.answered_s, state.attempts, state.outcome, talks)


def _target(state: State) -> str:
    """Whom the call talked to: the outcome's target, or the last that answered and was not too late."""
    if state.outcome is not None and state.outcome.target is not None:
        return state.outcome.target
    talked = [a.target for a in state.attempts if a.answered_s is not None and a.stopped is None]
    return talked[-1] if talked else ""
