"""What every operation has: its name, who may ask for it, whose numbers it is about, whether it is audited.

Rule: who asks, and in which way (control socket, command line, tests), makes no difference: all build the same request
and get the same reply, or a Refusal.
"""

from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar, get_args

from b2bua.console.protocol import Fault, FaultKind, Role

R = TypeVar("R")


class Scope(StrEnum):
    """Whose numbers an operation is about; with it an asker can be confined to their own."""

    NONE = "none"
    """The switch itself."""
    NUMBER = "number"
    """One 400 number: the request names it, or a call, message or plan of it."""
    ALL = "all"
    """All 400 numbers, unless the request names one."""


class Operation(Generic[R]):
    """Base of the request classes; `R` is the class of the reply.

    An operation that changes something is written in the audit trail under its own name, with the fields of its
    request. Besides `FAULTS` each may be refused as `bad-request`, `forbidden` or `unavailable`.
    """

    NAME: ClassVar[str]
    """Its name on the wire and in the audit trail: subject and verb, such as `call.hangup`."""
    ROLE: ClassVar[Role]
    """The least role that may ask for it."""
    SCOPE: ClassVar[Scope]
    AUDITED: ClassVar[bool] = False
    """Whether it changes something."""
    FAULTS: ClassVar[tuple[FaultKind, ...]] = ()
    """How it may be refused."""


def reply_class(kind: type[Operation[R]]) -> type[R]:
    """The class of an operation's reply."""
    for base in getattr(kind, "__orig_bases__", ()):
        for reply in get_args(base):
            return reply  # type: ignore[no-any-return]  # what stands between the brackets of Operation[…]
    raise TypeError(f"{kind.__name__} does not say what its reply is: derive it from Operation[…]")


class Refusal(Exception):
    """What was asked is not done: why, as a sentence for a person.

    `faults` are those of the request's fields (`bad-request`) or of the plan documents (`bad-plan`).
    """

    def __init__(self, kind: FaultKind, sentence: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.faults = faults


AnyOperation = Operation[Any]
"""An operation of which only the name, role or scope is looked at; its reply may be of any class."""
