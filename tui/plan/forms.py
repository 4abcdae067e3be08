"""The everyday forms: which fields of a document a form shows (pure).

Rule: a form is a list of fields and nothing more; what they may hold is checked by the daemon, live, as for typed text.
"""

from collections.abc import Iterator
from typing import Any

import attrs

from tui.plan.edits import Field, Kind
from tui.say import say

ORDERS = ("sequential", "random", "round-robin", "least-calls", "together")


@attrs.frozen
class Form:
    """One form: its title as shown in the list, and its fields."""

    title: str
    fields: tuple[Field, ...]


def forms(document: dict[str, Any]) -> list[Form]:
    """The forms that this document has use for, everyday things first."""
    return [*_targets(document), *_nodes(document), *_service()]


def new_target(name: str) -> Form:
    """The form of a target that is not in the document yet."""
    return Form(say("form.target", name=name), _target_fields(name))


def _targets(document: dict[str, Any]) -> Iterator[Form]:
    targets = document.get("targets")
    for name in targets if isinstance(targets, dict) else ():
        yield Form(say("form.target", name=name), _target_fields(str(name)))


def _target_fields(name: str) -> tuple[Field, ...]:
    at = ("targets", name)
    return (
        Field((*at, "address")),
        Field((*at, "hours"), Kind.LIST),
        Field((*at, "closed"), Kind.LIST),
        Field((*at, "ring_s"), Kind.WHOLE),
        Field((*at, "capacity"), Kind.WHOLE),
        Field((*at, "authorised_until")),
    )


def _nodes(document: dict[str, Any]) -> Iterator[Form]:
    nodes = document.get("nodes")
    if not isinstance(nodes, dict) or not nodes:
        yield Form(say("form.hunt", name="hunt"), _hunt_fields(("hunt",)))
        return
    for name, node in nodes.items():
        at = ("nodes", str(name))
        match node.get("kind", "hunt") if isinstance(node, dict) else "":
            case "hunt":
                yield Form(say("form.hunt", name=name), _hunt_fields(at))
            case "time":
                branches = (Field((*at, "branches"), Kind.TIMES), Field((*at, "otherwise")))
                yield Form(say("form.time", name=name), branches)
            case "share":
                yield Form(say("form.share", name=name), (Field((*at, "branches"), Kind.SHARES),))
            case "menu":
                fields = (
                    Field((*at, "prompts"), Kind.LIST),
                    Field((*at, "keys"), Kind.WAYS),
                    Field((*at, "extensions"), Kind.YES_NO),
                    Field((*at, "otherwise")),
                )
                yield Form(say("form.menu", name=name), fields)


def _hunt_fields(at: tuple[str, ...]) -> tuple[Field, ...]:
    return (
        Field((*at, "targets"), Kind.LIST),
        Field((*at, "order"), choices=ORDERS),
        Field((*at, "ring_s"), Kind.WHOLE),
        Field((*at, "otherwise")),
    )


def _service() -> Iterator[Form]:
    yield Form(say("form.welcome"), (Field(("welcome",)), Field(("record",), Kind.YES_NO)))
    yield Form(say("form.holidays"), (Field(("holidays",), Kind.LIST), Field(("hours", "work"), Kind.LIST)))
    yield Form(
        say("form.lists"),
        (
            Field(("screen", "black", "numbers"), Kind.LIST),
            Field(("screen", "black", "prefixes"), Kind.LIST),
            Field(("screen", "white", "numbers"), Kind.LIST),
            Field(("screen", "white", "prefixes"), Kind.LIST),
            Field(("screen", "white_is"), choices=("exclusive", "priority")),
        ),
    )
    yield Form(
        say("form.areas"),
        (
            Field(("screen", "areas_only"), Kind.LIST),
            Field(("screen", "areas_never"), Kind.LIST),
            Field(("screen", "overseas"), Kind.YES_NO),
        ),
    )
    yield Form(say("form.password"), (Field(("verify", "password")), Field(("verify", "tries"), Kind.WHOLE)))
    yield Form(
        say("form.caps"),
        (
            Field(("limit", "month_cost")),
            Field(("limit", "month_calls"), Kind.WHOLE),
            Field(("limit", "lines"), Kind.WHOLE),
        ),
    )
