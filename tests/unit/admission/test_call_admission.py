"""Call admission: each reason to refuse a call with its answer, and what an admitted call's process is given."""

from datetime import datetime
from ipaddress import IPv4Network
from zoneinfo import ZoneInfo

import attrs
import pytest

from b2bua.admission.admission_state import AdmissionState
from b2bua.admission.call_admission import RETRY_AFTER_S, CallAdmission
from b2bua.admission.peer_status import PeerStatus
from b2bua.admission.served_numbers import Served
from b2bua.admission.usage import MonthUsage
from b2bua.calls.active_calls import ActiveCalls
from b2bua.config.configuration import Config
from b2bua.config.trunks import Gateway, Trunk
from b2bua.console.rows import TRUNKS, Service
from b2bua.edge.admission import Admitted, NewCall, NoProcess, Referral, Refused
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import EdgeSettings
from b2bua.edge.token import ContactUris, DialogTokens, ProcessAddress
from b2bua.ipc.protocol import Assign, InviteKey, Refer, Route
from b2bua.pool.process import Process
from b2bua.records.call_record import CallRecord, CallState
from b2bua.store.numbers import NumberState
from b2bua.store.store import Store
from b2bua.store.writer import Health
from routing.facts import CallerClass
from routing.ids import Number400, TrunkName
from tests.support.linked_pool import LinkedPool
from tests.support.samples import ARRIVED_MS, document, talking_record

NUMBER = Number400("4006001234")
CARRIER = Trunk(TrunkName("carrier"), (IPv4Network("192.0.2.0/24"),), capacity=2)
GATEWAY = Gateway("gw", "198.51.100.7")
CALL = NewCall(
    trunk=CARRIER,
    dialled=NUMBER,
    caller="13800138000",
    display="Zhang",
    withheld=False,
    key=InviteKey("call-1@carrier", "caller-1"),
    max_forwards=69,
    source=Address("192.0.2.10", 5060),
    transport="udp",
)


@attrs.define
class Writer:
    """A record writer of whom only the health matters."""

    health: Health = attrs.field(factory=lambda: Health(healthy=True))


@attrs.define
class World:
    """An admission with two free processes, one number in service, and all that it asks."""

    numbers: dict[Number400, Served]
    pool: LinkedPool = attrs.field(factory=LinkedPool)
    writer: Writer = attrs.field(factory=Writer)
    records: list[CallRecord] = attrs.field(factory=list)
    processes: list[Process] = attrs.field(init=False)
    state: AdmissionState = attrs.field(init=False)
    active_calls: ActiveCalls = attrs.field(init=False)
    peers: PeerStatus = attrs.field(init=False)
    admission: CallAdmission = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        config = Config(trunk={"carrier": CARRIER}, gateway={"gw": GATEWAY})
        self.processes = [self.pool.link(number) for number in (1, 2)]
        self.state = AdmissionState(self.writer)
        self.active_calls = ActiveCalls(self.records.append, lambda _: None)
        self.peers = PeerStatus(config, self.active_calls)
        contacts = ContactUris(EdgeSettings("192.0.2.1", 5060, 40000), DialogTokens(b"x" * 32))
        self.admission = CallAdmission(
            config,
            self.numbers,
            self.state,
            self.pool,
            self.active_calls,
            self.peers,
            MonthUsage(),
            contacts,
            lambda: ARRIVED_MS,
        )

    def assigned(self) -> list[Assign]:
        """The assignments that processes were sent."""
        return [message for _, message in self.pool.sent if isinstance(message, Assign)]


@pytest.fixture
async def world(store: Store) -> World:
    """One number in service."""
    store.plans.publish([document()], author="wang")
    return World({number: Served.of(live) for number, live in store.plans.all_live().items()})


def refused(q850: int) -> Refused:
    """503 as a carrier gets it: with Retry-After only while no calls are taken at all (41)."""
    return Refused(503, "Service Unavailable", RETRY_AFTER_S if q850 == 41 else None, q850=q850)


@pytest.mark.req("S5")
async def test_an_admitted_call_has_a_process_an_assignment_and_a_record(world: World) -> None:
    """Its process knows all that it needs; the record is open before the INVITE is forwarded."""
    admitted = world.admission.admit(CALL)
    assert isinstance(admitted, Admitted)
    process = world.pool.holding(admitted.call_id)
    assert process is not None
    assert (admitted.sip_port, admitted.incarnation) == (process.sip_port, process.incarnation) == (40_001, "inc1")
    assert world.admission.incarnation_at(40_001) == "inc1"
    assert process.invite == CALL.key
    (assign,) = world.assigned()
    facts = assign.facts
    assert (assign.call_id, assign.invite, assign.max_forwards) == (admitted.call_id, CALL.key, 69)
    assert assign.contact.startswith("sip:inc1.9c41.")
    assert assign.contact.endswith("@192.0.2.1:5060")
    assert assign.routes == (Route("gw", GATEWAY.host, GATEWAY.port, GATEWAY.transport),)
    assert (facts.dialled, facts.caller.number, facts.caller.caller_class) == (NUMBER, CALL.caller, CallerClass.MOBILE)
    assert facts.arrived == datetime.fromtimestamp(ARRIVED_MS / 1000, ZoneInfo("Asia/Shanghai"))
    assert (facts.usage.calls, facts.live_calls) == (0, 0)
    (record,) = world.records
    assert (record.call_id, record.seq, record.state) == (admitted.call_id, 0, CallState.ROUTING)
    assert (record.number, record.trunk, record.accepted_ms) == (NUMBER, "carrier", ARRIVED_MS)
    assert world.active_calls.get(admitted.call_id) == record


@pytest.mark.req("R11", "O6")
async def test_a_process_is_sent_a_plan_once_and_calls_are_counted(world: World) -> None:
    """The second call of a process to the same plan comes without it; each call is told what came before it."""
    first = world.admission.admit(CALL)
    world.admission.admit(attrs.evolve(CALL, key=InviteKey("call-2@carrier", "t")))
    assert isinstance(first, Admitted)
    world.pool.end_call(world.processes[0])  # at time 0: it has rested by now
    world.active_calls.take(attrs.evolve(world.records[0], seq=9, state=CallState.ENDED))
    world.admission.admit(attrs.evolve(CALL, key=InviteKey("call-3@carrier", "t")))
    assert [assign.plan is not None for assign in world.assigned()] == [True, True, False]
    assert [assign.facts.usage.calls for assign in world.assigned()] == [0, 1, 2]
    assert [assign.facts.live_calls for assign in world.assigned()] == [0, 1, 1]


@pytest.mark.req("S5")
@pytest.mark.parametrize(("dialled", "q850"), [("4006009999", 1), ("10086", 28)])
async def test_numbers_that_are_not_served(world: World, dialled: str, q850: int) -> None:
    """404: not allocated, or no 400 number at all; nothing is taken or recorded."""
    assert world.admission.admit(attrs.evolve(CALL, dialled=dialled)) == Refused(404, "Not Found", q850=q850)
    assert (world.pool.sent, world.records) == ([], [])


async def test_a_suspended_number(world: World) -> None:
    """480, as a subscriber that is away."""
    world.numbers[NUMBER] = attrs.evolve(world.numbers[NUMBER], state=NumberState.SUSPENDED)
    assert world.admission.admit(CALL) == Refused(480, "Temporarily Unavailable", q850=31)


@pytest.mark.req("P1", "S1")
async def test_no_call_is_taken_that_could_not_be_recorded(world: World) -> None:
    """503 while records do not reach the disk, and when the daemon is being stopped; the reason is said."""
    world.writer.health = Health(healthy=False, reason="the disk is full")
    assert world.admission.admit(CALL) == refused(41)
    assert world.state.why_closed() == "the disk is full"
    world.writer.health = Health(healthy=True)
    assert world.state.why_closed() == ""
    world.state.leaving = True
    assert world.admission.admit(CALL) == refused(41)
    assert world.state.why_closed() == "the switch is being stopped"


@pytest.mark.req("R11")
async def test_a_trunk_out_of_service_and_a_full_one(world: World) -> None:
    """What an operator took out brings nothing; what has as many calls as its capacity gets 503 with cause 34."""
    world.peers.set_service(TRUNKS, "carrier", Service.OUT)
    assert world.admission.admit(CALL) == refused(41)
    world.peers.set_service(TRUNKS, "carrier", Service.IN)
    for number in range(2):
        world.active_calls.take(talking_record(f"up-{number}"))
    assert world.admission.admit(CALL) == refused(34)


@pytest.mark.req("S1")
async def test_no_process_is_free(world: World) -> None:
    """One that takes no message is passed over; with none left, and none to come, the call gets 503 with cause 42."""
    world.pool.deaf = {"inc1", "inc2"}
    assert world.admission.admit(CALL) == refused(42)
    assert world.records == []


@pytest.mark.req("S1", "R10")
async def test_a_process_will_be_free_soon(world: World) -> None:
    """F45: while one is being forked, or rests, the call is to be asked for again, and nothing is recorded yet."""
    world.pool.deaf = {"inc1", "inc2"}
    world.pool._state.born(4711)
    assert world.admission.admit(CALL) == NoProcess()
    assert world.records == []


@pytest.mark.req("O1", "W1")
async def test_targets_that_a_trunk_does_not_allow(world: World, store: Store) -> None:
    """A trunk without mobiles as targets: the plan's mobiles count as down, with the reason."""
    store.plans.publish([document(target="138 0013 8000")], author="wang")
    world.numbers.update({number: Served.of(live) for number, live in store.plans.all_live().items()})
    world.admission.admit(attrs.evolve(CALL, trunk=attrs.evolve(CARRIER, mobile_targets=False)))
    (assign,) = world.assigned()
    assert list(assign.facts.down) == ["front-desk"]


def referral(to: str = "sip:801@192.0.2.1", met_at: ProcessAddress | None = None) -> Referral:
    """A REFER of the target's telephone."""
    return Referral("out-1", 5, to, "", quiet=False, met_at=met_at)


@pytest.fixture
async def talking(world: World) -> tuple[World, ProcessAddress]:
    """The same with a call up in the first process."""
    admitted = world.admission.admit(CALL)
    assert isinstance(admitted, Admitted)
    world.active_calls.take(talking_record(admitted.call_id))
    world.pool.sent.clear()
    return world, ProcessAddress(admitted.sip_port, admitted.incarnation)


@pytest.mark.req("M3")
async def test_a_refer_is_handed_to_the_call(talking: tuple[World, ProcessAddress]) -> None:
    """The process is woken for it; one that is gone, free or without a link gives 481."""
    world, process = talking
    call_id = world.processes[0].call_id
    assert world.admission.refer(process, referral()) is None
    assert world.pool.woken == [("inc1", Refer(call_id, "out-1", 5, "sip:801@192.0.2.1", "", quiet=False))]
    gone = Refused(481, "Call/Transaction Does Not Exist")
    assert world.admission.refer(ProcessAddress(1, "nobody"), referral()) == gone
    assert world.admission.refer(ProcessAddress(40_002, "inc2"), referral()) == gone
    world.pool.unlink(world.processes[0])
    assert world.admission.refer(process, referral()) == gone


@pytest.mark.req("M3")
async def test_a_refer_to_replace_a_call_means_its_far_side(talking: tuple[World, ProcessAddress]) -> None:
    """The address of the one target that the other call talks with; declined if there is none, or no such call."""
    world, process = talking
    assert world.admission.refer(process, referral(to="", met_at=process)) is None
    ((_, refer),) = world.pool.woken
    assert isinstance(refer, Refer)
    assert refer.to == "13800138000"
    declined = Refused(603, "Decline")
    assert world.admission.refer(process, referral(to="", met_at=ProcessAddress(40_002, "inc2"))) == declined
    assert world.admission.refer(process, referral(to="", met_at=ProcessAddress(1, "nobody"))) == declined
    ringing = attrs.evolve(talking_record(world.processes[0].call_id, seq=5), attempts=())
    world.active_calls.take(ringing)
    assert world.admission.refer(process, referral(to="", met_at=process)) == declined
