"""The service state of trunks and gateways: whether they get new calls."""

from typing import ClassVar

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import FaultKind, Role
from b2bua.console.rows import Service


@attrs.frozen
class ServiceSet:
    """The service state is set; it counts from the next call on."""


@attrs.frozen
class SetTrunkService(Operation[ServiceSet]):
    """Take a trunk out of service, let it run empty, or put it back."""

    NAME = "trunk.set"
    ROLE = Role.OPERATOR
    SCOPE = Scope.NONE
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    name: str = attrs.field(validator=fields.non_empty_text)
    service: Service


@attrs.frozen
class SetGatewayService(Operation[ServiceSet]):
    """Take a gateway out of service, let it run empty, or put it back."""

    NAME = "gateway.set"
    ROLE = Role.OPERATOR
    SCOPE = Scope.NONE
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    name: str = attrs.field(validator=fields.non_empty_text)
    service: Service
