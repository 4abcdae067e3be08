"""The call processes."""

import attrs

from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import Role


@attrs.frozen
class CallProcess:
    """One call process: its call (empty: none), and whether it can take one."""

    pid: int
    sip_port: int
    call_id: str
    ready: bool


@attrs.frozen
class PoolShown:
    """Every call process."""

    processes: tuple[CallProcess, ...]


@attrs.frozen
class ShowPool(Operation[PoolShown]):
    """Show the call processes."""

    NAME = "pool.show"
    ROLE = Role.VIEWER
    SCOPE = Scope.NONE
