"""The trace of a call: one step for each decision, so that any call can be explained later.

Rule: every branch taken is written down, with what was looked at, and every branch passed over, with the
reason.
"""

from typing import Any

import attrs

from routing.ids import NodeName

PlainStep = dict[str, Any]  # Any: a record's plain form, of msgpack's types
"""A step as it stands in a call's record: `at_s`, `node`, `kind`, `looked_at`, `chose`, `passed_over`."""


@attrs.frozen
class TraceStep:
    """One decision.

    `at_s` is seconds since arrival; `node` and `kind` say where it was taken; `looked_at` are pairs of what
    was looked at and what it was; `chose` is the branch taken; `passed_over` are pairs of a branch not taken
    and why.
    """

    at_s: float
    node: NodeName
    kind: str
    looked_at: tuple[tuple[str, str], ...]
    chose: str
    passed_over: tuple[tuple[str, str], ...] = ()


def to_plain(step: TraceStep) -> PlainStep:
    """The step as it stands in a call's record: plain types only."""
    return {
        "at_s": step.at_s,
        "node": step.node,
        "kind": step.kind,
        "looked_at": dict(step.looked_at),
        "chose": step.chose,
        "passed_over": [list(pair) for pair in step.passed_over],
    }
