"""The client that waits: whatever the other end says or does not say, it ends with a reply, a refusal or DaemonGone."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from b2bua.api.requests.calls import HangUp, HungUp
from b2bua.api.requests.operation import Refusal
from b2bua.api.requests.plans import CheckPlan
from b2bua.base.framing import make_frame
from b2bua.console.protocol import Delta, FaultKind, Refused, Reply, Role, Snapshot, Welcome, frame
from b2bua.control.client import Client, DaemonGone
from routing.ids import CallId

HANG_UP = HangUp(CallId("c"))


@pytest.fixture
def ends() -> Iterator[tuple[Client, socket.socket]]:
    """A client after its Welcome, and the daemon's end of its link."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0.2)
    with Client(ours) as client, theirs:
        yield client, theirs


def test_the_reply_to_another_request_is_passed_over(ends: tuple[Client, socket.socket]) -> None:
    """Also what the feed sends in between; only the reply with the request's own id counts."""
    client, daemon = ends
    daemon.sendall(frame(Delta(1, {})) + frame(Reply(99, ok=True)) + frame(Reply(1, ok=True, fields={})))
    assert client.ask(HANG_UP) == HungUp()


def test_a_refusal_has_kind_and_sentence(ends: tuple[Client, socket.socket]) -> None:
    """A reply that is not ok is a Refusal; one without a kind is a failure of the daemon."""
    client, daemon = ends
    daemon.sendall(frame(Reply(1, ok=False, fault=FaultKind.NOT_FOUND, error="no such call")))
    daemon.sendall(frame(Reply(2, ok=False, error="broken")))
    for kind, sentence in ((FaultKind.NOT_FOUND, "no such call"), (FaultKind.FAILED, "broken")):
        with pytest.raises(Refusal, match=sentence) as refused:
            client.ask(HANG_UP)
        assert refused.value.kind is kind


def test_being_shut_out_is_a_refusal(ends: tuple[Client, socket.socket]) -> None:
    """A token that was removed while the link stood."""
    client, daemon = ends
    daemon.sendall(frame(Refused(1, "this token was removed")))
    with pytest.raises(Refusal, match="this token was removed") as refused:
        client.ask(HANG_UP)
    assert refused.value.kind is FaultKind.FORBIDDEN


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda _: None, "the daemon does not answer"),
        (lambda daemon: daemon.close(), "the link to the daemon broke"),
        (lambda daemon: daemon.shutdown(socket.SHUT_WR), "the daemon went away"),
        (lambda daemon: daemon.sendall(make_frame(b"\xc1")), "the link to the daemon broke"),
        (lambda daemon: daemon.sendall(frame(Welcome(1, Role.ADMIN, 0))), "sent Welcome where Reply was due"),
        (lambda daemon: daemon.sendall(frame(Reply(1, ok=True, fields={"odd": 1}))), "the reply to call.hangup is not"),
    ],
    ids=["silence", "closed", "ended", "garbage", "another message", "other fields"],
)
def test_whatever_goes_wrong_is_said(
    ends: tuple[Client, socket.socket], spoil: Callable[[socket.socket], None], says: str
) -> None:
    """No answer in time, a link that breaks or ends, garbage, a message or reply of another kind: DaemonGone."""
    client, daemon = ends
    spoil(daemon)
    with pytest.raises(DaemonGone, match=says):
        client.ask(HANG_UP)


def test_a_request_that_is_too_long(ends: tuple[Client, socket.socket]) -> None:
    """It is refused here, with a sentence; nothing of it is sent."""
    client, daemon = ends
    with pytest.raises(Refusal, match="that is too much for one request"):
        client.ask(CheckPlan("x" * 20_000_000))
    daemon.setblocking(False)
    with pytest.raises(BlockingIOError):
        daemon.recv(1)


def test_a_snapshot_asked_for(ends: tuple[Client, socket.socket]) -> None:
    """The topics as they stand."""
    client, daemon = ends
    daemon.sendall(frame(Snapshot(1, {"alarms": {}})))
    assert client.snapshot(("alarms",)) == {"alarms": {}}


def test_a_daemon_that_ends_before_its_welcome(tmp_path: Path) -> None:
    """The link is closed, and said to be gone."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with pytest.raises(DaemonGone, match="does not answer"):
            Client.connect(tmp_path / "s", timeout_s=0.1)
