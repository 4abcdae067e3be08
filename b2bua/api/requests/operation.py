"""The base class of operations: name, least role, scope (whose numbers), audit, faults.

Rule: all askers (control socket, command line, tests) build the same request and get the same reply, or a Refusal.
"""

from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar, get_args

from b2bua.console.protocol import Fault, FaultKind, Role

R = TypeVar("R")


class Scope(StrEnum):
    """Whose numbers an operation is about; with it an asker can be limited to their own numbers."""

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
    """Its name in the control protocol and in the audit trail: subject and verb, such as `call.hangup`."""
    ROLE: ClassVar[Role]
    """The least role that may request it."""
    SCOPE: ClassVar[Scope]
    AUDITED: ClassVar[bool] = False
    """Whether it changes something."""
    FAULTS: ClassVar[tuple[FaultKind, ...]] = ()
    """The faults of its own with which it may be refused."""


def reply_class(kind: type[Operation[R]]) -> type[R]:
    """The class of an operation's reply."""
    for base in getattr(kind, "__orig_bases__", ()):
        for reply in get_args(base):
            return reply  # type: ignore[no-any-return]  # the class in the brackets of Operation[…]
    raise TypeError(f"{kind.__name__} does not say what its reply is: derive it from Operation[…]")


class Refusal(Exception):
    """The operation was not done; the text is a sentence for a person that says why.

    `faults` are those of the request's fields (`bad-request`) or of the plan documents (`bad-plan`).
    """

    def __init__(self, kind: FaultKind, sentence: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.faults = faults


AnOperation = Operation[Any]
"""An operation of which only the name, role or scope is used; its reply may be of any class (hence Any)."""
