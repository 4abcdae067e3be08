"""A disk that takes no more while a call is recorded or a message is spoken: the call goes on, operators are told,
what was recorded plays, other calls notice nothing.

The disk is a file system of 64 kB in a mount namespace that the test makes for its switch.
"""

import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import pytest
import trio

from b2bua.control.client import Client
from b2bua.media.audio_file import pieces
from b2bua.media.keys import Keyring
from b2bua.media.messages import CHANNELS
from b2bua.media.recordings import Recordings
from b2bua.records.call_record import CallRecord, Party
from tests.support.commands import command
from tests.support.sip_far_end import Far, Line, open_far
from tests.support.sound import encode, tone
from tests.support.switch import Switch, eventually

ROOM_BYTES: Final = 64 << 10
CALLER_HZ, DESK_HZ = 440, 620
_MOUNT: Final = 'for at; do [ "$at" = -- ] && break; mkdir -p "$at"; mount -t tmpfs -o size=64k none "$at"; done'
_EXEC: Final = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
_NAMESPACES: Final = (["unshare", "-m"], ["unshare", "-Urm"])
MAIL = """desk = "sip:t@127.0.0.1:9"
[nodes.mail]
kind = "voicemail"
mailbox = "office"
most_s = 30
silence_s = 5
"""


def _namespace() -> list[str]:
    """How a mount namespace is had here, if at all."""
    for way in _NAMESPACES:
        try:
            if subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0:
                return way
        except FileNotFoundError:
            break
    return []


pytestmark = pytest.mark.skipif(not _namespace(), reason="no mount namespace can be made here")


@attrs.define
class SmallDisks:
    """A switch whose recordings and messages are on small disks, and the far ends that call it."""

    switch: Switch
    carrier: Far
    desk_end: Far

    def folder(self, name: str) -> Path:
        """A folder as the switch sees it."""
        assert self.switch.process is not None
        return Path(f"/proc/{self.switch.process.pid}/root{self.switch.state}/{name}")

    async def publish(self, targets: str, more: str = "") -> str:
        """A number with this plan."""
        return await trio.to_thread.run_sync(self.switch.publish, targets, more)

    async def talk(self, number: str) -> tuple[Line, Line]:
        """A call, answered; both ends hear each other."""
        caller = await self.carrier.call(number)
        desk = await self.desk_end.rang()
        await desk.answer()
        await caller.until("SIP/2.0 200")
        await caller.audio.until_hears(DESK_HZ)
        await desk.audio.until_hears(CALLER_HZ)
        return caller, desk

    async def closed(self, number: str, count: int = 1) -> CallRecord:
        """The newest of so many records of a number, once all are closed and their processes free."""
        records = await trio.to_thread.run_sync(self.switch.closed, number, count)
        await trio.to_thread.run_sync(eventually, self.switch.call_processes, lambda busy: not busy)
        return records[0]

    async def told(self, record: CallRecord) -> str:
        """What operators were told of a call: one alarm."""
        (line,) = await trio.to_thread.run_sync(_log, self.switch, record.call_id)
        assert (line["level"], line["kind"]) == ("alarm", "mishap")
        return str(line["text"])


def _log(switch: Switch, call_id: str) -> list[dict[str, object]]:
    with Client.connect(switch.state / "control.sock") as client:
        lines = client.snapshot(("log",))["log"].values()
    return [line for line in lines if line["call_id"] == call_id]


@asynccontextmanager
async def _small_disks(own_switch: Callable[..., Switch], tmp_path: Path) -> AsyncIterator[SmallDisks]:
    disks = [str(tmp_path / "0" / "state" / name) for name in ("recordings", "messages")]
    within = [*_namespace(), "sh", "-ec", f"{_MOUNT}; {_EXEC}", "sh", *disks, "--"]
    switch = await trio.to_thread.run_sync(lambda: own_switch(within=within))
    async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, DESK_HZ) as desk_end:
        yield SmallDisks(switch, carrier, desk_end)


@pytest.mark.req("M5", "F5")
async def test_a_full_disk_ends_the_recording_and_not_the_call(
    own_switch: Callable[..., Switch], tmp_path: Path
) -> None:
    """After two seconds nothing fits: one alarm names the call, which goes on; what was said before is kept.

    The next call is bridged though its recording cannot even begin; once there is room again, one is recorded whole.
    """
    with trio.fail_after(60):
        async with _small_disks(own_switch, tmp_path) as setup:
            folder = setup.folder("recordings")
            number = await setup.publish(f'desk = "{setup.desk_end.uri}"', "record = true")
            caller, desk = await setup.talk(number)
            call_id = (await trio.to_thread.run_sync(setup.switch.records, number))[0].call_id
            await trio.to_thread.run_sync(
                eventually, lambda: _log(setup.switch, call_id), lambda lines: len(lines) == 1
            )
            for end in (caller, desk):
                end.audio.heard = end.audio.heard[:0]
            await caller.audio.until_hears(DESK_HZ)
            await desk.audio.until_hears(CALLER_HZ)
            await caller.hang_up()
            await desk.until("BYE")
            record = await setup.closed(number)
            assert record.ending is not None
            assert record.ending.slug == "normal"
            assert 1500 <= record.recorded_ms < record.talk_ms
            assert "not recorded" in await setup.told(record)
            recording = Recordings(folder).get(record.call_id)
            assert recording.fault(record, Keyring()) == ""
            assert round(recording.length_s * 1000) == record.recorded_ms

            caller, desk = await setup.talk(number)
            await caller.hang_up()
            await desk.until("BYE")
            record = await setup.closed(number, 2)
            assert record.recorded_ms == 0
            assert "not recorded" in await setup.told(record)
            assert [each.call_id for each in Recordings(folder).every()] == [call_id], "nothing half begun is left"

            recording.path.unlink()
            caller, desk = await setup.talk(number)
            await caller.hang_up()
            await desk.until("BYE")
            record = await setup.closed(number, 3)
            assert Recordings(folder).get(record.call_id).fault(record, Keyring()) == ""
            assert await trio.to_thread.run_sync(_log, setup.switch, record.call_id) == []


@pytest.mark.soak
@pytest.mark.req("M4", "F5")
async def test_a_full_disk_ends_the_message_and_harms_no_other_call(
    own_switch: Callable[..., Switch], tmp_path: Path
) -> None:
    """After four seconds nothing fits: the caller is released, what was said is kept, one alarm names the call.

    Another call talks on all the while. The next caller's message cannot even begin: released, alarmed, nothing left.
    """
    with trio.fail_after(60):
        async with _small_disks(own_switch, tmp_path) as setup:
            box = setup.folder("messages")
            other, desk = await setup.talk(await setup.publish(f'desk = "{setup.desk_end.uri}"'))
            number = await setup.publish(MAIL, 'start = "mail"')
            greeting = encode(tmp_path / "greeting.wav", tone(500, 0.4))
            add = ("prompt", "add", number, "voicemail-greeting", str(greeting))
            await trio.to_thread.run_sync(command, setup.switch, *add)
            kept = []
            for count in (1, 2):
                caller = await setup.carrier.call(number)
                await caller.until("BYE", timeout_s=25)
                record = (await trio.to_thread.run_sync(setup.switch.closed, number, count))[0]
                assert record.hung_up_by is Party.SWITCH
                assert "message is not kept" in await setup.told(record)
                kept.append(record.message_s)
            assert kept[0] in (3, 4)
            assert kept[1] == 0
            (message,) = [path for path in box.rglob("*") if path.is_file()]
            sound = sum(map(len, pieces(message, message.stem, CHANNELS, Keyring())))
            assert sound / 16_000 == pytest.approx(kept[0], abs=0.5)
            await other.audio.until_hears(DESK_HZ)
            await desk.audio.until_hears(CALLER_HZ)
            await other.hang_up()
            await desk.until("BYE")
            await trio.to_thread.run_sync(eventually, setup.switch.call_processes, lambda busy: not busy)
