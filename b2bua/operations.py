"""What people ask of the switch over the control protocol (`b2bua.verbs` says what each verb takes and gives).

Rule: a plan or a state is on disk before it is in effect, and in effect for the next call before the reply is sent (R11).
"""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import trio

from b2bua.codec import plain_record
from b2bua.desk import Desk
from b2bua.link import Tell
from b2bua.live import Live, row_of
from b2bua.neighbourhood import Neighbourhood
from b2bua.numbers import Served
from b2bua.pool import Pool
from b2bua.record import CallRecord
from b2bua.rows import GATEWAYS, NUMBERS, TRUNKS, Level, NumberRow, Service
from b2bua.store.checked import Document
from b2bua.store.errors import StoreError
from b2bua.store.numbers import NumberState
from b2bua.store.plans import Plans
from b2bua.store.query import Query
from b2bua.store.records import Records
from b2bua.store.versions import Live as LivePlan
from b2bua.switchboard import Switchboard
from b2bua.verbs import Operator, Refusal, Verb
from b2bua.wire import Fault, Role
from routing.document import PlanFaults, parse
from routing.event import OperatorHungUp
from routing.ids import CallId, Number400, PlanHash
from routing.number import NumberFault, parse_400, print_400

Args = dict[str, Any]


class Operations:
    """Carries out verbs. Whatever waits for the disk does so in a thread."""

    def __init__(
        self,
        plans: Plans,
        records: Records,
        desk: Desk,
        switchboard: Switchboard,
        pool: Pool,
        neighbourhood: Neighbourhood,
        live: Live,
    ) -> None:
        self._plans = plans
        self._records = records
        self._desk = desk
        self._switchboard = switchboard
        self._pool = pool
        self._neighbourhood = neighbourhood
        self._live = live

    def verbs(self) -> dict[str, Verb]:
        """All verbs, with the least role for each."""
        return {
            "call.detail": Verb(Role.VIEWER, self._call_detail),
            "record.detail": Verb(Role.VIEWER, self._call_detail),
            "record.find": Verb(Role.VIEWER, self._record_find),
            "pool.show": Verb(Role.VIEWER, self._pool_show),
            "plan.show": Verb(Role.VIEWER, self._plan_show),
            "plan.history": Verb(Role.VIEWER, self._plan_history),
            "plan.check": Verb(Role.VIEWER, self._plan_check),
            "call.hangup": Verb(Role.OPERATOR, self._call_hangup),
            "trunk.set": Verb(Role.OPERATOR, self._service_of(TRUNKS)),
            "gateway.set": Verb(Role.OPERATOR, self._service_of(GATEWAYS)),
            "plan.publish": Verb(Role.ADMIN, self._plan_publish),
            "plan.restore": Verb(Role.ADMIN, self._plan_restore),
            "number.state": Verb(Role.ADMIN, self._number_state),
        }
"""
