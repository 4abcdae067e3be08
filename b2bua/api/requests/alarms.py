"""The active alarms."""

import attrs

from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import Role
from b2bua.console.rows import AlarmRow


@attrs.frozen
class AlarmsListed:
    """The active alarms, oldest first."""

    rows: tuple[AlarmRow, ...]


@attrs.frozen
class ListAlarms(Operation[AlarmsListed]):
    """List the active alarms."""

    NAME = "alarm.list"
    ROLE = Role.VIEWER
    SCOPE = Scope.NONE
