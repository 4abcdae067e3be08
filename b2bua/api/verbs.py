"""What a console may ask the daemon to do.

Rule: a verb is an async function from plain arguments and an operator to a plain result, or a Refusal. What the least
role for it is stands in one table, `LEAST`, and is held here, behind the socket, whatever a console shows or hides; a
verb that is not in the table cannot be served.

The verbs, their arguments and results (`?`: may be left out; times: UTC epoch ms):

    call.detail     call_id → {record: CallRecord, messages: [{at_ms, leg, ours, text}], missing}
                    messages: SIP with both sides in order, secrets masked with `…`; leg: 0 the caller's, n that of
                    attempt n, -1 unknown; ours: we sent it; missing: `` none, `thinned` some in the middle,
                    `restarted` those before the daemon's start, `forgotten` all
    call.hangup     call_id → None
    plan.show       number, plan_hash? → {number, text, plan_hash, at_ms, author, note}; text may be empty
    plan.history    number → {versions: [{version, plan_hash, at_ms, author, note, live}]}, newest first
    plan.check      text → {faults: [Fault], warnings: [Fault]}
    plan.explain    text, caller, at (ISO, Asia/Shanghai; empty: now), keys, busy: [target], trunk? (by which it
                    comes) → {steps: [TraceStep], rings: [[{target, address}]], ending}; in order, who together
    plan.diff       text, old → {changes: [line for people]}
    plan.publish    text, note, base? → {number, plan_hash, version, changed}; base: plan_hash it was edited from;
                    Refusal if another is in force by now, and with the faults of the text. With documents and
                    their sources in place of text: several, all or none → a list of these
    plan.restore    number, plan_hash (or version), note, base? → as one of plan.publish
    number.state    number, state → None
    pool.show       → [{pid, sip_port, call_id, ready}]
    trunk.set       name, service → None
    gateway.set     name, service → None
    record.find     number?, caller?, target?, cause?, blame?, plan_hash?, from_ms?, to_ms?, missed?, most?
                    → {rows: [Found], more}, newest first; missed: only missed calls, closed or not
    record.detail   call_id → as call.detail
    missed.list     number?, caller?, from_ms?, to_ms?, all?, most?
                    → {rows: [Found], more}, newest first; those that wait to be called back, or all
    missed.close    call_id, note → None; Refusal if it is none, or closed already (who, and what they wrote)
                    Found: {…LiveCall, call_id, talk_ms, hung_up_by, missed, closed, closed_ms, closed_note,
                    closed_call}; missed: ended before it talked to a target, not by the plan's refusal; closed:
                    the person who closed it, or the target that the caller talked to later in the call
                    closed_call; empty, and closed_ms None, while it waits
    voicemail.list  number?, mailbox?, unread?, most?
                    → {rows: [{call_id, number, mailbox, arrived_ms, length_s, caller, place, sealed, read_ms,
                    read_by, told_ms}], more}, newest first; read_ms None: new; told_ms: when the subscriber's
                    system took note of it; sealed: it is heard with a key only
    voicemail.mark  call_ids, read? → {marked}; read False makes them new again; all or none
    voicemail.delete  call_ids → {deleted}; for good, audited; Refusal if one is not there: none is deleted
    recording.list  number?, most?
                    → {rows: [{call_id, number, caller, target, arrived_ms, length_s, kept_until_ms, sealed,
                    live}], more}, newest first; live: it is still growing
    report.calls    by (hour, day, area, cause, target), number?, from_ms, to_ms
                    → {rows: [{key, calls, answered, busy, no_answer, talk_ms}]}
    audit.find      number?, who?, most? → {rows: [{at_ms, who, deed, subject, note, before, after}]}, newest
                    first; before, after: the texts of a plan that was published or restored
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from b2bua.console.protocol import Fault, Role

LEAST: Final[Mapping[str, Role]] = {
    "audit.find": Role.VIEWER,
    "call.detail": Role.VIEWER,
    "call.hangup": Role.OPERATOR,
    "gateway.set": Role.OPERATOR,
    "missed.close": Role.OPERATOR,
    "missed.list": Role.VIEWER,
    "number.state": Role.ADMIN,
    "plan.check": Role.VIEWER,
    "plan.diff": Role.VIEWER,
    "plan.explain": Role.VIEWER,
    "plan.history": Role.VIEWER,
    "plan.publish": Role.OPERATOR,
    "plan.restore": Role.OPERATOR,
    "plan.show": Role.VIEWER,
    "pool.show": Role.VIEWER,
    "record.detail": Role.VIEWER,
    "recording.list": Role.VIEWER,
    "record.find": Role.VIEWER,
    "report.calls": Role.VIEWER,
    "trunk.set": Role.OPERATOR,
    "voicemail.delete": Role.OPERATOR,
    "voicemail.list": Role.VIEWER,
    "voicemail.mark": Role.OPERATOR,
}
"""The least role for each verb."""


@attrs.frozen
class Operator:
    """The person at a console, as the audit trail names them, and what they may do."""

    name: str
    role: Role


class Refusal(Exception):
    """A verb will not do what was asked.

    A sentence for a person, and the faults of the document if that is why.
    """

    def __init__(self, sentence: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence)
        self.faults = faults


T = TypeVar("T", str, int)
_KINDS: Final[dict[type, str]] = {str: "text", int: "a whole number"}


def wanted(args: dict[str, Any], name: str, kind: type[T], default: T | None = None) -> T:
    """An argument of a verb, which may be left out if it has a default. Raises Refusal for one of another kind."""
    value: Any = args.get(name, default)
    if value is None:
        raise Refusal(f"{name} is missing")
    if isinstance(value, bool) or not isinstance(value, kind):
        raise Refusal(f"{name} should be {_KINDS[kind]}, not {value!r:.40}")
    return value


def listed(args: dict[str, Any], name: str) -> list[str]:
    """An argument that is a list of texts; empty if it was left out. Raises Refusal for one of another kind."""
    value = args.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refusal(f"{name} should be a list of texts, not {value!r:.40}")
    return value


Verb = Callable[[dict[str, Any], Operator], Awaitable[Any]]
"""One thing that can be asked for. It raises Refusal, or returns what msgpack can pack."""
