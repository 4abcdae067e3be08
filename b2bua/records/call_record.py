"""The record of a call, which is kept in the store (CDR; P1).

Rule: a record is a value that is sent and stored whole. Times are UTC epoch milliseconds; a later version of the same
record has a higher `seq` and replaces the earlier one, so that nothing depends on messages arriving in order.
"""

from enum import StrEnum
from typing import Any

import attrs

from routing.cause import Blame

PlainFields = dict[str, Any]
"""Fields by name, of plain types. Any: the plain forms of values of the routing core may have any shape."""


class CallState(StrEnum):
    """The state of a call, as the console shows it."""

    ROUTING = "routing"
    HEARING = "hearing"
    """A prompt, a menu or a queue."""
    RINGING = "ringing"
    TALKING = "talking"
    ENDING = "ending"
    ENDED = "ended"


class Party(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    TARGET = "target"
    SWITCH = "switch"
    OPERATOR = "operator"


@attrs.frozen
class Ending:
    """How a leg or a call ended: cause slug, Q.850 value (1–127), SIP status (300–699) and class of blame."""

    slug: str
    q850: int
    sip: int
    blame: Blame


@attrs.frozen
class Attempt:
    """One try at one target. `leg` counts from 1 within the call; `sip_call_id` is the Call-ID on the target's side."""

    leg: int
    target: str
    address: str
    began_ms: int
    rang_ms: int | None = None
    answered_ms: int | None = None
    ended_ms: int | None = None
    ending: Ending | None = None
    sip_call_id: str = ""


@attrs.frozen
class Connected:
    """A time in which the caller and the target on `leg` were connected; `to_ms` is None while they still are."""

    leg: int
    from_ms: int
    to_ms: int | None = None


@attrs.frozen
class CallRecord:
    """A call from acceptance to end.

    `as_of_ms` is the moment that this version describes. `connected` are the times in which caller and target were
    connected (F1): both answered, and each hearing the other; not the music of a transfer, not a notice before the
    talk. `talk_ms` is their sum up to `as_of_ms` (`b2bua.records.closing`). Records of earlier versions of the switch
    have neither (None, empty), and keep the `talk_ms` that they were stored with.
    `recorded_ms` is the length of the recording and `message_s` that of the voicemail message that was kept (F5).
    `trace`, `facts` and `events` are the plain forms of the routing core's values: with the plan of `plan_hash` they
    decide the call again (`switch400 replay`).
    `evidence` is for the operator's detail view, by leg (`0`: the caller's): codec, packets `sent` and `received`,
    `lost` ones and mean `jitter_ms` as received here, `far_lost` and `far_jitter_ms` as the far end reports (RTCP).
    """

    call_id: str
    seq: int
    sip_call_id: str
    number: str
    caller: str
    place: str
    area: str
    trunk: str
    plan_hash: str
    state: CallState
    accepted_ms: int
    rang_ms: int | None = None
    answered_ms: int | None = None
    ended_ms: int | None = None
    talk_ms: int = 0
    recorded_ms: int = 0
    message_s: int = 0
    target: str = ""
    attempts: tuple[Attempt, ...] = ()
    hung_up_by: Party | None = None
    ending: Ending | None = None
    trace: tuple[PlainFields, ...] = ()
    facts: PlainFields = attrs.field(factory=dict)
    events: tuple[PlainFields, ...] = ()
    evidence: PlainFields = attrs.field(factory=dict)
    connected: tuple[Connected, ...] = ()
    as_of_ms: int | None = None
