"""The control server: what consoles see, what they may ask, and that none of them can harm it."""

import getpass
import stat
from pathlib import Path

import pytest
import trio
import trio.testing

from b2bua.api.dispatch import Dispatcher
from b2bua.api.requests.operation import Refusal
from b2bua.api.requests.plans import CheckPlan, PublishPlans
from b2bua.api.requests.voicemail import MarkMessages
from b2bua.base.framing import make_frame
from b2bua.console.feed import Feed, Mirror
from b2bua.console.protocol import (
    VERSION,
    Delta,
    Fault,
    FaultKind,
    Hello,
    Refused,
    Reply,
    Request,
    Role,
    Snapshot,
    Subscribe,
    Welcome,
)
from b2bua.console.rows import ALARMS, CALLS, AlarmRow
from b2bua.control.client import Client, DaemonGone
from b2bua.control.connection import MOST_AT_ONCE, MOST_WAITING
from b2bua.control.server import Control, SocketTaken, listen
from routing.ids import CallId
from tests.support.control_server import Far, Serving, a_call

ECHO = CheckPlan("a plan")
WAIT = MarkMessages((CallId("c1"),))


@pytest.mark.req("S3")
async def test_a_console_sees_a_snapshot_and_then_what_changes(serving: Serving) -> None:
    """After Subscribe comes the state whole, then deltas of one step each, only in the topics asked for."""
    serving.feed.change(CALLS, "c1", a_call())
    far = await serving.welcomed()
    await far.send(Subscribe((CALLS,)))
    snapshot = await far.hear()
    assert snapshot.state == serving.feed.snapshot([CALLS]).state
    mirror = Mirror()
    mirror.replace(snapshot)
    serving.feed.change(ALARMS, "a", AlarmRow("trunk-down", "telecom", "alarm", 1, "down"))
    serving.feed.change(CALLS, "c1", a_call(state="talking"))
    serving.feed.change(CALLS, "c2", a_call())
    while set(mirror.rows(CALLS)) != {"c1", "c2"}:
        mirror.apply(await far.hear())
    assert mirror.state == serving.feed.snapshot([CALLS]).state


async def test_two_consoles_see_the_same(serving: Serving) -> None:
    """Consoles with different topics and moments of arrival agree with the daemon and each other."""
    first, second = await serving.welcomed(), await serving.welcomed()
    await first.send(Subscribe((CALLS,)))
    assert (await first.hear()).state == {CALLS: {}}
    serving.feed.change(CALLS, "c1", a_call())
    assert set((await first.hear()).changes[CALLS]) == {"c1"}
    await second.send(Subscribe((CALLS, ALARMS)))
    assert set((await second.hear()).state[CALLS]) == {"c1"}
    serving.feed.change(CALLS, "c1", None)
    for far in (first, second):
        assert (await far.hear()).changes == {CALLS: {"c1": None}}
    assert serving.control.consoles == 2


async def test_a_slow_console_is_cut_to_a_fresh_snapshot(serving: Serving) -> None:
    """A console that stops reading costs a bounded queue, and a snapshot when it reads again."""
    far = await serving.welcomed()
    await far.send(Subscribe((CALLS,)))
    mirror = Mirror()
    mirror.replace(await far.hear())
    broad = "x" * 20_000  # fills the kernel's socket buffer in a few deltas
    for n in range(MOST_WAITING * 2):
        serving.feed.change(CALLS, "c1", a_call(place=f"{n} {broad}"))
        with trio.fail_after(30):
            while serving.feed.seq <= n:
                await trio.sleep(0.001)
    heard = await far.hear_until(lambda message: isinstance(message, Snapshot))
    assert len(heard) < MOST_WAITING * 2
    for message in heard:
        mirror.replace(message) if isinstance(message, Snapshot) else mirror.apply(message)
    assert mirror.state == serving.feed.snapshot([CALLS]).state


async def test_requests_are_answered_while_one_of_them_waits(serving: Serving) -> None:
    """A long operation holds up no other; replies bear the id of their request."""
    far = await serving.welcomed(who="li")
    await far.ask(1, WAIT)
    await far.ask(2, ECHO)
    assert (await far.hear()).id == 2
    serving.stubs.gate.set()
    assert await far.hear() == Reply(1, ok=True, fields={"marked": 1})
    assert serving.stubs.asked[0][0] == ECHO
    assert {asker.name for _, asker in serving.stubs.asked} == {f"li ({getpass.getuser()})"}


async def test_replies_that_are_not_read_are_bounded(serving: Serving) -> None:
    """A console that asks and does not read has so much done for it and no more: it cannot fill the daemon's memory."""
    far = await serving.welcomed()
    serving.stubs.times = 1_000_000  # a reply is longer than the kernel's socket buffer
    many = 5 * MOST_AT_ONCE
    for serial in range(many):
        await far.ask(serial, ECHO)
    for heard in range(1, many + 1):
        assert (await far.hear()).ok
        assert len(serving.stubs.asked) <= heard + MOST_AT_ONCE
    assert len(serving.stubs.asked) == many


async def test_only_the_topics_that_there_are(serving: Serving) -> None:
    """F41: a subscription stays in memory as long as its link, so no console may fill it with words of its own."""
    far = await serving.welcomed()
    await far.send(Subscribe((CALLS, *(f"t{n}" for n in range(1000)))))
    refused = await far.hear()
    assert isinstance(refused, Refused)
    assert "there is no topic t0; there are calls, " in refused.why
    assert await far.hear() is None


async def test_what_was_asked_is_done_though_the_console_went(serving: Serving) -> None:
    """A link that breaks after a request takes nothing back: half a publish must not be."""
    far = await serving.welcomed()
    await far.ask(1, WAIT)
    await far.ask(2, ECHO)
    await far.hear()
    await far.stream.aclose()
    serving.stubs.gate.set()
    with trio.fail_after(30):
        while len(serving.stubs.asked) < 2:
            await trio.sleep(0.001)


@pytest.mark.parametrize(
    ("operation", "fault", "error"),
    [
        ("call.hangup", FaultKind.FORBIDDEN, "needs the role operator"),
        ("nonsense", FaultKind.BAD_REQUEST, "knows no"),
        ("plan.check", FaultKind.BAD_REQUEST, "plan.check: text is missing"),
        ("pool.show", FaultKind.FAILED, "the disk is full"),
    ],
)
async def test_errors_come_back_as_sentences(serving: Serving, operation: str, fault: FaultKind, error: str) -> None:
    """The role comes before the fields; an unknown, wrong or failing request ends nothing but itself."""
    far = await serving.welcomed(role=Role.VIEWER)
    await far.send(Request(1, operation, {}))
    reply = await far.hear()
    assert not reply.ok
    assert reply.fault is fault
    assert error in reply.error
    await far.ask(2, ECHO)
    assert (await far.hear()).ok


async def test_faults_of_a_document_come_with_path_and_mend(serving: Serving) -> None:
    """A refusal carries the document's faults, for the editor to point at."""
    far = await serving.welcomed()
    await far.ask(1, PublishPlans(("",)))
    assert (await far.hear()).faults == (Fault("nodes.menu", "no otherwise", "add one"),)


@pytest.mark.parametrize(
    "bytes_sent",
    [b"GET / HTTP/1.1\r\n\r\n", make_frame(b"\xc1"), make_frame(b"\x93\x01\x02\x03"), b"\xff" * 64],
    ids=["http", "no msgpack", "no message", "a length beyond the bound"],
)
async def test_garbage_ends_only_its_own_link(serving: Serving, bytes_sent: bytes) -> None:
    """Whatever a stranger writes, it is told so, and the others are served on."""
    good = await serving.welcomed()
    bad = await serving.connect()
    await bad.stream.send_all(bytes_sent)
    assert isinstance(await bad.hear(), Refused)
    assert await bad.hear() is None
    await good.ask(1, ECHO)
    assert (await good.hear()).ok


async def test_another_version_is_told_both_versions(serving: Serving) -> None:
    """A console of another release learns which version each side speaks, and what to do."""
    far = await serving.connect()
    await far.send(Hello(VERSION + 1, Role.ADMIN, "wang"))
    refused = await far.hear()
    assert refused.version == VERSION
    assert f"version {VERSION + 1}: use the same release" in refused.why


async def test_a_silent_stranger_is_not_kept(serving: Serving, autojump_clock: trio.testing.MockClock) -> None:
    """A link without a Hello ends after some seconds."""
    far = await serving.connect()
    assert await far.stream.receive_some() == b""


async def test_the_sync_client_asks_and_looks(serving: Serving) -> None:
    """The command line's client: a reply, a snapshot, and a refusal with its faults."""
    serving.feed.change(CALLS, "c1", a_call())

    def use() -> None:
        with Client.connect(serving.path) as client:
            assert client.ask(ECHO).warnings == (Fault("text", "a plan"),)
            assert set(client.snapshot((CALLS,))[CALLS]) == {"c1"}
            assert client.ask(CheckPlan("another")).warnings == (Fault("text", "another"),)
            with pytest.raises(Refusal, match="has faults") as refused:
                client.ask(PublishPlans(("",)))
            assert (refused.value.kind, refused.value.faults[0].path) == (FaultKind.BAD_PLAN, "nodes.menu")

    await trio.to_thread.run_sync(use)


def test_the_sync_client_without_a_daemon(tmp_path: Path) -> None:
    """No daemon is one clear line that names the path."""
    with pytest.raises(DaemonGone, match=str(tmp_path / "none")):
        Client.connect(tmp_path / "none")


def test_a_dead_daemons_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    """A stale socket file is no reason to fail; a running daemon and a stranger's file are."""
    path = tmp_path / "control.sock"
    with listen(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(SocketTaken, match="running daemon"):
            listen(path)
    with listen(path):
        pass
    path.unlink()
    path.write_text("mine")
    with pytest.raises(SocketTaken, match="not a socket"):
        listen(path)
    assert path.read_text() == "mine"


async def test_the_socket_is_gone_when_the_daemon_ends(tmp_path: Path) -> None:
    """A clean end leaves nothing behind, and consoles see the link end."""
    path = tmp_path / "control.sock"
    async with trio.open_nursery() as nursery:
        await nursery.start(Control(Feed(), Dispatcher()).serve, listen(path))
        far = Far(await trio.open_unix_socket(path))
        await far.send(Hello(VERSION, Role.VIEWER, ""))
        assert await far.hear() == Welcome(VERSION, Role.VIEWER, 0, getpass.getuser())
        nursery.cancel_scope.cancel()
    assert not path.exists()
    assert await far.hear() is None
    await far.stream.aclose()


def test_delta_is_not_sent_for_nothing() -> None:
    """A feed that stands still has no news."""
    feed = Feed()
    assert feed.cut() == Delta(0, {})
