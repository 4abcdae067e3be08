"""Records and documents for the store's tests."""

from typing import Any

import attrs

from b2bua.records.call_record import Attempt, CallRecord, CallState, Connected, Ending, Party
from routing.cause import BUSY, NORMAL, Cause

ARRIVED_MS = 1_764_000_000_000


def ending(cause: Cause) -> Ending:
    """A cause as it stands in a record."""
    return Ending(cause.slug, cause.q850, cause.sip, cause.blame)


def open_record(call_id: str = "c-1", seq: int = 1, **given: Any) -> CallRecord:
    """A call that was just let in."""
    usual = CallRecord(
        call_id=call_id,
        seq=seq,
        sip_call_id=f"{call_id}@192.0.2.1",
        number="4006001234",
        caller="02112345678",
        place="上海",
        area="021",
        trunk="carrier",
        plan_hash="ab" * 32,
        state=CallState.ROUTING,
        accepted_ms=ARRIVED_MS,
    )
    return attrs.evolve(usual, **given)


def talking_record(call_id: str = "c-1", seq: int = 2, **given: Any) -> CallRecord:
    """The second target answered two seconds after the call came; the first was busy."""
    busy = Attempt(1, "front-desk", "02162288300", ARRIVED_MS, None, None, ARRIVED_MS + 500, ending(BUSY))
    answered = Attempt(2, "mobile", "13800138000", ARRIVED_MS + 500, ARRIVED_MS + 900, ARRIVED_MS + 2000)
    talking: dict[str, Any] = {
        "state": CallState.TALKING,
        "rang_ms": ARRIVED_MS + 900,
        "answered_ms": ARRIVED_MS + 2000,
        "target": "mobile",
        "attempts": (busy, answered),
        "connected": (Connected(2, ARRIVED_MS + 2000),),
        "trace": (
            {
                "at_s": 0.5,
                "node": "start",
                "kind": "hunt",
                "looked_at": {"order": "sequential"},
                "chose": "mobile",
                "passed_over": [["front-desk", "busy"]],
            },
        ),
    }
    return open_record(call_id, seq, **(talking | given))


def ended_record(call_id: str = "c-1", seq: int = 3, **given: Any) -> CallRecord:
    """The caller hung up ten seconds after the answer."""
    talking = talking_record(call_id, seq)
    end_ms = ARRIVED_MS + 12_000
    attempts = (talking.attempts[0], attrs.evolve(talking.attempts[1], ended_ms=end_ms, ending=ending(NORMAL)))
    over: dict[str, Any] = {
        "state": CallState.ENDED,
        "ended_ms": end_ms,
        "talk_ms": 10_000,
        "attempts": attempts,
        "connected": (Connected(2, ARRIVED_MS + 2000, end_ms),),
        "hung_up_by": Party.CALLER,
        "ending": ending(NORMAL),
    }
    return attrs.evolve(talking, **(over | given))


def document(number: str = "400-600-1234", target: str = "021-6228 8300", subscriber: str = "示例公司") -> str:
    """A plan of one target."""
    return f'number = "{number}"\nsubscriber = "{subscriber}"\n\n[targets]\nfront-desk = "{target}"\n'
