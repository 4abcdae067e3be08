"""The alarms that stand."""

import attrs

from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import Role
from b2bua.console.rows import AlarmRow


@attrs.frozen
class AlarmsListed:
    """Alarms, those that have stood longest first."""

    rows: tuple[AlarmRow, ...]


@attrs.frozen
class ListAlarms(Operation[AlarmsListed]):
    """List what wants a person now."""

    NAME = "alarm.list"
    ROLE = Role.VIEWER
    SCOPE = Scope.NONE
