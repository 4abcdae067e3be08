"""A switch for the console's tests: the real control server in a thread of its own, with a day's work in its feed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import trio

from b2bua.api.dispatch import Asker, Dispatcher, implements
from b2bua.api.requests.calls import CallShown, HangUp, HungUp, ShowCall, SipMessage
from b2bua.api.requests.operation import AnOperation
from b2bua.api.requests.peers import ServiceSet, SetTrunkService
from b2bua.base.errors import NotFound
from b2bua.console.feed import Feed
from b2bua.console.rows import (
    ALARMS,
    CALLS,
    COUNTERS,
    GATEWAYS,
    LOG,
    NUMBERS,
    ONLY,
    POOL,
    QUEUES,
    TRUNKS,
    AlarmRow,
    Counters,
    LiveCall,
    LogLine,
    NumberRow,
    PeerRow,
    PoolRow,
    QueueRow,
)
from b2bua.control.authentication import Authentication
from b2bua.control.server import Control, listen
from b2bua.control.tokens import Tokens
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.records.call_record import Attempt, CallRecord, CallState, Ending
from routing.cause import Blame
from tests.unit.tui.canned_replies import CannedReplies
from tests.unit.tui.plan_store import PLAN, PlanStore

NOON_MS = 1_763_784_000_000
"""2025-11-22 12:00:00 in Asia/Shanghai, a Saturday."""

PLACES = ("上海", "北京", "广东广州", "内蒙古呼和浩特", "四川成都")
STATES = ("ringing", "talking", "hearing", "routing", "talking")


def a_live_call(n: int, now_ms: int = NOON_MS) -> LiveCall:
    """The n-th call of the switch."""
    state = STATES[n % 5]
    talking = state == "talking"
    return LiveCall(
        state=state,
        caller=("021-1234 5678", "138 0013 8000", "010-6552 1234", "", "0471-388 1234")[n % 5],
        place=PLACES[n % 5],
        number=("400-600-1234", "400-820-8820")[n % 2],
        trunk=("telecom", "unicom")[n % 2],
        accepted_ms=now_ms - 3_000 - n * 7_000,
        target=("desk", "上海客服中心", "night-mobile", "", "warehouse")[n % 5] if state != "routing" else "",
        address=("010-6552 1234", "021-6888 1000", "139 1111 2222", "", "0512-6677 8899")[n % 5],
        attempt=0 if state in ("routing", "hearing") else 1 + n % 3,
        rang_ms=now_ms - 2_000 if state != "routing" else None,
        answered_ms=now_ms - n * 6_000 if talking else None,
        node="menu" if state == "hearing" else "hunt",
        plan_hash="ab" * 32,
    )


def fill(feed: Feed, calls: int, now_ms: int = NOON_MS) -> None:
    """A feed with this many calls, some of them in a queue, two trunks of which one is down, a gateway, numbers and a
    log."""
    for n in range(calls):
        feed.change(CALLS, f"c{n:04d}", a_live_call(n, now_ms))
    for place, n in enumerate(range(2, min(calls, 30), 10), 1):
        feed.change(QUEUES, f"c{n:04d}", QueueRow("4006001234", "wait", place, place == 1, now_ms - 50_000 // place))
    up = PeerRow("203.0.113.5:5060", "udp", True, "in", calls // 2, 30, 12, now_ms - 2_000, 812, {"busy": 61})
    down = PeerRow("198.51.100.7:5060", "tcp", False, "in", 0, 60, None, now_ms - 190_000, 77, {"congestion": 3})
    feed.change(TRUNKS, "telecom", up)
    feed.change(TRUNKS, "unicom", down)
    feed.change(GATEWAYS, "pstn-1", attrs.evolve(up, address="203.0.113.9:5060", rtt_ms=250, failures={"busy": 9}))
    feed.change(POOL, ONLY, PoolRow(used=calls, idle=8, resting=2, ceiling=512))
    trend = tuple((n * 7) % 13 + n % 5 for n in range(60))
    feed.change(COUNTERS, ONLY, Counters(calls, 3.2, 87.4, 5.2, 7.4, now_ms - 65_000, now_ms - 90_000_000, trend))
    feed.change(ALARMS, "trunk-down/unicom", AlarmRow("trunk-down", "unicom", "alarm", now_ms - 190_000, "no answer"))
    feed.change(
        NUMBERS,
        "4006001234",
        NumberRow(
            "400-600-1234",
            "active",
            "耐思智慧",
            "ab" * 32,
            now_ms - 86_400_000,
            "wang",
            "加周六值班",
            calls,
            321,
            280,
            1,
        ),
    )
    feed.change(NUMBERS, "4008208820", NumberRow("400-820-8820", "suspended", "Example Ltd", "", None, "", ""))
    for n in range(6):
        feed.note(
            LOG, LogLine(now_ms - 60_000 + n * 9_000, "note", "published", f"plan {n} in force", number="400-600-1234")
        )
    feed.note(LOG, LogLine(now_ms - 5_000, "alarm", "trunk-down", "no answer to OPTIONS for 30 s", trunk="unicom"))


def the_record(now_ms: int = NOON_MS) -> CallRecord:
    """The record of a call that was busy at the desk and now rings at the mobile."""
    busy = Ending("busy", 17, 486, Blame.UPSTREAM)
    first = Attempt(1, "desk", "010-6552 1234", now_ms - 9_000, ended_ms=now_ms - 8_800, ending=busy)
    second = Attempt(2, "night-mobile", "139 1111 2222", now_ms - 8_700, rang_ms=now_ms - 7_000)
    step = {
        "at_s": 0.0, "node": "hunt", "kind": "hunt", "looked_at": {"order": "sequential", "arrived": "Sat 12:00"},
        "chose": "desk", "passed_over": [["shop", "closed on Saturday"]],
    }  # fmt: skip
    return CallRecord(
        call_id="c0000", seq=3, sip_call_id="x", number="400-600-1234", caller="021-1234 5678", place="上海",
        area="021", trunk="telecom", plan_hash="ab" * 32, state=CallState.RINGING, accepted_ms=now_ms - 9_100,
        rang_ms=now_ms - 7_000, target="night-mobile", attempts=(first, second),
        trace=(step, {**step, "at_s": 0.4, "chose": "night-mobile", "passed_over": [["desk", "busy (486)"]]}),
        evidence={
            "0": {"codec": "PCMA", "sent": 410, "received": 405, "lost": 5, "jitter_ms": 3.1},
            "2": {"codec": "PCMA", "sent": 400, "received": 409, "lost": 0, "jitter_ms": 41.0},
        },
    )  # fmt: skip


_OFFER = "v=0\r\nc=IN IP4 203.0.113.5\r\nm=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"


def the_messages(now_ms: int = NOON_MS) -> tuple[SipMessage, ...]:
    """The signalling of that call."""
    said = (
        (0, False, f"INVITE sip:4006001234@192.0.2.1 SIP/2.0\r\nFrom: <sip:02112345678@carrier>\r\n\r\n{_OFFER}"),
        (0, True, "SIP/2.0 100 Trying"),
        (1, True, "INVITE sip:01065521234@gw SIP/2.0"),
        (1, False, "SIP/2.0 486 Busy Here"),
        (1, True, "ACK sip:01065521234@gw SIP/2.0"),
        (2, True, "INVITE sip:13911112222@gw SIP/2.0"),
        (2, False, "SIP/2.0 180 Ringing"),
        (0, True, "SIP/2.0 180 Ringing"),
    )
    return tuple(SipMessage(now_ms - 9_100 + n * 120, leg, ours, text) for n, (leg, ours, text) in enumerate(said))


@attrs.define
class FakeSwitch:
    """The running switch: change its feed with `do`; `asked` is what was asked of its calls and trunks."""

    path: Path
    feed: Feed
    asked: list[tuple[AnOperation, Asker]]
    plans: PlanStore
    replies: CannedReplies
    tokens: Tokens
    _token: trio.lowlevel.TrioToken

    def do(self, action: Callable[[], object]) -> None:
        """Do this in the server's thread."""
        trio.from_thread.run_sync(action, trio_token=self._token)


@attrs.define
class CallsAndTrunks:
    """One call that is known whole; what is done to calls and trunks is seen in the feed."""

    feed: Feed
    asked: list[tuple[AnOperation, Asker]] = attrs.field(factory=list)

    @implements
    async def show(self, request: ShowCall, _: Asker) -> CallShown:
        """The one call."""
        if request.call_id != "c0000":
            raise NotFound(f"no call {request.call_id}")
        return CallShown(the_record(), the_messages(), "")

    @implements
    async def hang_up(self, request: HangUp, asker: Asker) -> HungUp:
        """The call is gone."""
        self.asked.append((request, asker))
        self.feed.change(CALLS, request.call_id, None)
        return HungUp()

    @implements
    async def set_trunk(self, request: SetTrunkService, asker: Asker) -> ServiceSet:
        """The trunk is so."""
        self.asked.append((request, asker))
        row = PeerRow("203.0.113.5:5060", "udp", True, request.service, 0, 30)
        self.feed.change(TRUNKS, request.name, row)
        return ServiceSet()


@contextmanager
def fake_switch(path: Path, calls: int = 12, now_ms: int = NOON_MS) -> Iterator[FakeSwitch]:
    """A switch that runs at `path` until the end of the block."""
    ready: list[FakeSwitch] = []
    is_ready = threading.Event()
    stop = trio.CancelScope()

    async def serve() -> None:
        publisher = FeedPublisher()
        feed = publisher.feed
        fill(feed, calls, now_ms)
        plans, replies, calls_and_trunks = PlanStore(publisher), CannedReplies(now_ms), CallsAndTrunks(feed)
        plans.put(PLAN, "wang", "first")
        dispatcher = Dispatcher(*plans.operations, replies, calls_and_trunks)
        tokens = Tokens(path.with_name("tokens.toml"))
        with stop:
            async with trio.open_nursery() as nursery:
                await nursery.start(Control(feed, dispatcher, Authentication(tokens)).serve, listen(path))
                other = Tokens(path.with_name("tokens.toml"))
                token = trio.lowlevel.current_trio_token()
                ready.append(FakeSwitch(path, feed, calls_and_trunks.asked, plans, replies, other, token))
                is_ready.set()

    thread = threading.Thread(target=trio.run, args=(serve,))
    thread.start()
    assert is_ready.wait(5)
    try:
        yield ready[0]
    finally:
        ready[0].do(stop.cancel)
        thread.join(5)
