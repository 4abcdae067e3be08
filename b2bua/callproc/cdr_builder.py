"""Keeps a call's record whole, from what the flow's state says and when it was.

Rule: a record is sent at each milestone, whole, with a higher `seq`. The answer and the last word are told at once, and
that an attempt begins or ends where others decide by it (`Plan.counts_calls`); the rest waits `COMPANY_S` for company.
`ended_ms` is when the outcome was set: what is charged does not wait for the far ends to settle.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs

from b2bua.base.serialization import PLAIN
from b2bua.ipc.protocol import Assign
from b2bua.records.call_record import Attempt, CallRecord, CallState, Ending, Party, ended_attempts
from routing import trace
from routing.cause import NORMAL, Cause
from routing.event import Event, MessageTaken
from routing.ids import LegId
from routing.state import Attempt as AttemptState
from routing.state import State

SIGN_OF_LIFE_S: Final = 10.0
"""How often a record is refreshed while nothing happens: what a crash can cost of the talk time."""
COMPANY_S: Final = 0.1
"""How late the daemon may learn of what nobody decides by: that a target rings, or that a call has begun to end."""


def ending(cause: Cause, *, answered: bool) -> Ending:
    """A release cause as it stands in a record: what was answered and ended normally was a 200, whatever came after."""
    return Ending(cause.slug, cause.q850, 200 if answered and cause == NORMAL else cause.sip, cause.blame)


class CdrBuilder:
    """The record of one call. All moments given to it are seconds since the call arrived.

    `witness` says what each leg's audio is like now, by leg; it is asked with each sign of life. `lines_count`: others
    decide by which targets are taken.
    """

    def __init__(self, assign: Assign, witness: Callable[[], dict[str, Any]], *, lines_count: bool) -> None:
        self._assign = assign
        self._witness = witness
        self._lines_count = lines_count
        self._facts: dict[str, Any] = PLAIN.unstructure(assign.facts)
        self._events: list[dict[str, Any]] = []
        self._trace: list[dict[str, Any]] = []
        self._ended_s: float | None = None
        self._told: State | None = None
        self._fresh_until_s = 0.0
        self._tell_at_s: float | None = None
        self.evidence: dict[str, Any] = {}
        self.recorded_ms = 0
        self._message_s = 0
        self.sip_call_ids: dict[LegId, str] = {}
        self.latest: CallRecord | None = None

    def note(self, event: Event) -> None:
        """Keep an event, so that the call can be decided again from its record."""
        if isinstance(event, MessageTaken):
            self._message_s = event.seconds
        self._events.append(PLAIN.unstructure(event, unstructure_as=Event))

    def write(self, state: State, at_s: float) -> CallRecord | None:
        """The new version of the record if there is something to tell or a sign of life is due, else None."""
        if state.outcome is not None and self._ended_s is None:
            self._ended_s = at_s
        if self._told is not None and _milestone(state) == _milestone(self._told):
            if at_s < self._fresh_until_s or state.over:
                return None
            self.evidence.update(self._witness())
        elif not self._presses(state):
            self._tell_at_s = self._tell_at_s or at_s + COMPANY_S
            if at_s < self._tell_at_s:
                return None
        self._told, self._tell_at_s = state, None
        self._fresh_until_s = at_s + SIGN_OF_LIFE_S
        self.latest = self._record(state, at_s)
        return self.latest

    def next_due_s(self) -> float | None:
        """When what has happened must be told, if nothing joins it until then; None if all is told."""
        return self._tell_at_s

    def close(self, state: State, at_s: float, cause: Cause) -> CallRecord:
        """The last version, for a call that did not end by its flow: a fault, or no INVITE came."""
        ended_s = self._ended_s if self._ended_s is not None else at_s
        ended_ms = self._assign.accepted_ms + round(ended_s * 1000)
        record = self._record(state, at_s)
        self.latest = attrs.evolve(
            record,
            attempts=ended_attempts(record, ended_ms, ending(cause, answered=False)),
            state=CallState.ENDED,
            ended_ms=ended_ms,
            ending=record.ending or ending(cause, answered=state.answered_s is not None),
            hung_up_by=record.hung_up_by or Party.SWITCH,
        )
        return self.latest

    def _presses(self, state: State) -> bool:
        """Whether the news cannot wait: a caller is answered, it is the last word, or a line is taken or free."""
        told = self._told
        if state.over or state.answered_s != (told.answered_s if told else None):
            return True
        if told is None:
            return self._lines_count
        ends = [attempt.ended_s for attempt in state.attempts]
        return self._lines_count and ends != [attempt.ended_s for attempt in told.attempts]

    def _record(self, state: State, at_s: float) -> CallRecord:
        facts, outcome = state.facts, state.outcome
        self._trace += map(trace.to_plain, state.trace[len(self._trace) :])  # a trace only grows
        until_s = self._ended_s if self._ended_s is not None else at_s
        talk_s = 0.0 if state.charged_from_s is None else until_s - state.charged_from_s
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
            talk_ms=round(talk_s * 1000),
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
    return (state.phase, state.rang_s, state.answered_s, state.attempts, state.outcome)


def _target(state: State) -> str:
    """Whom the call talked to: the outcome's target, or the last that answered and was not too late."""
    if state.outcome is not None and state.outcome.target is not None:
        return state.outcome.target
    talked = [a.target for a in state.attempts if a.answered_s is not None and a.stopped is None]
    return talked[-1] if talked else ""
