"""Finds the implementation of an operation, and checks the role of the asker.

Rule: each operation is implemented by exactly one method, and every request (control socket, command line, tests) goes
through `Dispatcher.perform`. A method is registered by the class of its request, which its annotations name.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import attrs
import trio
from sqlalchemy.exc import DBAPIError

from b2bua.api.requests.operation import AnOperation, Operation, Refusal, reply_class
from b2bua.base.clock import now_ms
from b2bua.base.errors import Conflict, NotFound, StoreError
from b2bua.console.protocol import Fault, FaultKind, Role
from b2bua.store.audit import AuditEntry, Fields
from b2bua.store.database import first_line
from routing.document import PlanFaults

R = TypeVar("R")
T = TypeVar("T")
O = TypeVar("O", bound=AnOperation)  # noqa: E741  # the usual letter for an operation, with R for its reply
S = TypeVar("S")

_MARK: Final = "_implements"


@attrs.frozen
class Asker:
    """Who requests an operation: their name in the audit trail, and their role."""

    name: str
    role: Role


Method = Callable[[S, O, Asker], Awaitable[R]]


def implements(method: Method[S, O, R]) -> Method[S, O, R]:
    """Mark a method as the implementation of the operation whose request is its first parameter.

    Raises TypeError, when the module is imported, if its annotations do not fit the operation's.
    """
    signature = inspect.signature(method, eval_str=True)
    kind = list(signature.parameters.values())[1].annotation
    if not (isinstance(kind, type) and issubclass(kind, Operation)):
        raise TypeError(f"{method.__qualname__}: its first parameter must be annotated with a request class")
    if signature.return_annotation is not reply_class(kind):
        raise TypeError(f"{method.__qualname__} must return {reply_class(kind).__name__}, the reply to {kind.__name__}")
    setattr(method, _MARK, kind)
    return method


def implemented(owner: object) -> Iterator[tuple[type[AnOperation], str]]:
    """The operations that a class or an object implements, each with the method's name."""
    for name in dir(owner):
        kind = getattr(getattr(owner, name), _MARK, None)
        if kind is not None:
            yield kind, name


class Dispatcher:
    """Performs operations with the implementations of these objects."""

    def __init__(self, *implementations: object) -> None:
        # Any: one table holds methods of every request and reply class; `implements` has checked that they fit.
        self._methods: dict[type[AnOperation], Callable[[Any, Asker], Awaitable[Any]]] = {}
        for each in implementations:
            for kind, name in implemented(each):
                if kind in self._methods:
                    raise TypeError(f"{kind.NAME} is implemented twice")
                self._methods[kind] = getattr(each, name)

    @property
    def operations(self) -> Mapping[str, type[AnOperation]]:
        """The operations that can be performed here, by name."""
        return {kind.NAME: kind for kind in self._methods}

    async def perform(self, request: Operation[R], asker: Asker) -> R:
        """Perform the operation; returns its reply. Raises Refusal."""
        permit(type(request), asker)
        method = self._methods.get(type(request))
        if method is None:
            raise Refusal(FaultKind.UNAVAILABLE, f"{request.NAME} needs a running daemon: `switch400 run` starts it")
        with refusals():
            reply: R = await method(request, asker)
            return reply


def permit(kind: type[AnOperation], asker: Asker) -> None:
    """Raises Refusal (`forbidden`) if the asker's role is not enough for this operation."""
    if not asker.role.may(kind.ROLE):
        sentence = f"{kind.NAME} needs the role {kind.ROLE}; this console has the role {asker.role}"
        raise Refusal(FaultKind.FORBIDDEN, sentence)


class refusals:  # noqa: N801 - a context manager, used as a word
    """Turns errors of the store, the disk and plan documents in the block into a Refusal."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case PlanFaults(faults=found):
                faults = tuple(Fault(fault.path, fault.problem, fault.mend) for fault in found)
                raise Refusal(FaultKind.BAD_PLAN, "the plan has faults; nothing was published", faults) from error
            case NotFound():
                raise Refusal(FaultKind.NOT_FOUND, str(error)) from error
            case Conflict():
                raise Refusal(FaultKind.CONFLICT, str(error)) from error
            case DBAPIError():
                raise Refusal(FaultKind.UNAVAILABLE, f"the database: {first_line(error)}") from error
            case StoreError() | OSError():
                raise Refusal(FaultKind.UNAVAILABLE, str(error)) from error


async def in_thread(work: Callable[[], T]) -> T:
    """Do work that waits for the disk in a thread."""
    return await trio.to_thread.run_sync(work)


def entry(request: AnOperation, asker: Asker, subject: str, fields: Fields) -> AuditEntry:
    """The audit trail's entry, with the time now, of an operation on `subject` (a 400 number or a name)."""
    return AuditEntry(now_ms(), asker.name, request.NAME, subject, fields)
