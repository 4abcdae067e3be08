"""The state of a 400 number."""

from enum import StrEnum
from typing import ClassVar

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import FaultKind, Role
from routing.ids import Number400


class WantedState(StrEnum):
    """Whether calls to a number are taken; the values are those of `b2bua.store.numbers.NumberState`."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@attrs.frozen
class NumberStateSet:
    """The number is in that state; `changed` is False if it was already."""

    changed: bool


@attrs.frozen
class SetNumberState(Operation[NumberStateSet]):
    """Answer new calls to a number with 480 (`suspended`), or take them again (`active`); calls that are up go on."""

    NAME = "number.state"
    ROLE = Role.ADMIN
    SCOPE = Scope.NUMBER
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    number: Number400 = attrs.field(converter=fields.number_400)
    state: WantedState
