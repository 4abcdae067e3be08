"""New voicemail messages told to the subscriber's system, over real HTTP, through failures and restarts."""

import json
import threading
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from b2bua.jobs.retention import SHANGHAI
from b2bua.jobs.webhook import VoicemailWebhook
from b2bua.media.messages import Messages
from b2bua.store.store import Store
from routing.ids import CallId, Number400
from tests.support.audio_files import plain_wav
from tests.support.samples import ended_record
from tests.support.switch import Switch, eventually

SECOND = array("h", [1000] * 16000)
CALLS = ("19a00000001" + "0" * 9 + "1", "19a00000002" + "0" * 9 + "2", "19a00000003" + "0" * 9 + "3")


@attrs.define
class System:
    """The subscriber's system: what it was told, and what it answers."""

    url: str
    status: int = 204
    told: list[dict[str, Any]] = attrs.field(factory=list)


@pytest.fixture
def system() -> Iterator[System]:
    """A web server on loopback."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take one notice."""
            heard.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(heard.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    heard = System(f"http://127.0.0.1:{server.server_port}/voicemail?key=1")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield heard
    server.shutdown()
    thread.join()
    server.server_close()


async def _run_until(notifier: VoicemailWebhook, done: Callable[[], bool]) -> None:
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(notifier.run)
            while not done():
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()


@pytest.mark.req("M4")
async def test_a_message_is_told_until_it_is_taken_note_of(system: System, tmp_path: Path) -> None:
    """Refused, it is told again, also by a new daemon; taken note of, never more; what was read is not told at all."""
    store = Store.open(tmp_path / "switch400.db", tmp_path / "spool")
    store.records.put([ended_record(CALLS[0])])
    box = tmp_path / "messages" / "4006001234" / "office"
    for call_id in CALLS[:2]:
        plain_wav(box / f"{call_id}.wav", SECOND)
    store.mailboxes.mark([(CallId(CALLS[1]), Number400("4006001234"))], "wang", 1, read=True)
    troubles: list[str] = []
    notifier = VoicemailWebhook(system.url, Messages(tmp_path / "messages"), store, troubles.append, 0.05)
    system.status = 503
    await _run_until(notifier, lambda: len(system.told) >= 3)
    assert "HTTP status 503" in troubles[0]
    system.status, before = 204, len(system.told)
    await _run_until(attrs.evolve(notifier), lambda: troubles[-1] == "" and len(system.told) > before)
    taken = len(system.told)
    plain_wav(box / f"{CALLS[2]}.wav", SECOND)
    await _run_until(notifier, lambda: len(system.told) > taken)
    store.close()
    assert [notice["call_id"] for notice in system.told] == [CALLS[0]] * taken + [CALLS[2]]
    arrived = datetime.fromtimestamp(int(CALLS[0][:11], 16) // 1000, SHANGHAI).isoformat()
    about = {"number": "4006001234", "mailbox": "office", "caller": "02112345678", "place": "上海"}
    about |= {"event": "voicemail", "call_id": CALLS[0], "arrived": arrived}
    assert system.told[0] == {**about, "seconds": 2}


@pytest.mark.req("M4")
def test_a_running_switch_tells_of_new_messages(own_switch: Callable[..., Switch], system: System) -> None:
    """With `keeping.notify` set, a message that appears is told within seconds, and listed as told."""
    switch = own_switch(more=f'[keeping]\nnotify = "{system.url}"')
    plain_wav(switch.state / "messages" / "4006001234" / "office" / f"{CALLS[0]}.wav", SECOND)
    eventually(lambda: len(system.told), lambda count: count == 1)
    eventually(lambda: switch.ask("voicemail.list", {}), lambda told: "'told_ms': 1" in str(told))
