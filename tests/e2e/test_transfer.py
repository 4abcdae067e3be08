"""Transfers through the running switch: who hears whom before, meanwhile and after, and what the record says (M3)."""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.lowlevel

from b2bua.records.call_record import CallRecord
from tests.support.sip_far_end import Far, Line, open_far
from tests.support.sip_text import field
from tests.support.switch import Switch

CALLER_HZ, SEAT_HZ, OTHER_HZ = 440, 620, 820
PLAN = """[extensions]
801 = "other"
[transfer]
[nodes.desk]
kind = "hunt"
targets = ["seat"]
"""


@attrs.define
class Stage:
    """A caller, a seat that has answered, and another extension, 801."""

    switch: Switch
    number: str
    caller: Line
    seat: Line
    seat_end: Far
    other_end: Far

    async def record(self) -> CallRecord:
        """The call's record, once it is closed."""
        (record,) = await trio.to_thread.run_sync(self.switch.closed, self.number)
        return record

    async def refer(self, to: str, *headers: str) -> None:
        """The seat's telephone sends REFER."""
        await self.seat.request("REFER", headers=(f"Refer-To: <{to}>", f"Referred-By: <{self.seat_end.uri}>", *headers))

    async def key(self, keys: str) -> None:
        """The seat's telephone sends keys (RFC 4733)."""
        self.seat.audio.press(keys)
        await trio.lowlevel.checkpoint()

    async def music(self) -> None:
        """The caller hears music, and neither seat nor other."""
        assert await self.caller.audio.until(lambda audio: audio.hears_other_than(SEAT_HZ, OTHER_HZ))

    async def both_hear(self, other: Line, hz: int) -> None:
        """The caller and the other hear each other."""
        await self.caller.audio.until_hears(hz)
        await other.audio.until_hears(CALLER_HZ)

    async def notified(self, *statuses: int) -> None:
        """The seat's telephone was told all of this, in this order, and the last was said to be the last."""
        last = await self.seat.until("NOTIFY", times=len(statuses))
        said = [int(message.rpartition("SIP/2.0 ")[2].split(" ")[0]) for message in self.seat.came("NOTIFY")]
        assert said == list(statuses)
        assert "terminated" in field(last, "Subscription-State")
        assert field(last, "Event").startswith("refer")
        assert field(last, "Content-Type").startswith("message/sipfrag")


@asynccontextmanager
async def talking(switch: Switch) -> AsyncIterator[Stage]:
    """The caller talks with the seat; each hears the other's tone."""
    with trio.fail_after(90):
        async with (
            open_far(switch.port, CALLER_HZ) as carrier,
            open_far(switch.port, SEAT_HZ) as seat_end,
            open_far(switch.port, OTHER_HZ) as other_end,
        ):
            targets = f'seat = "{seat_end.uri}"\nother = {{ address = "{other_end.uri}", ring_s = 5 }}\n'
            number = await trio.to_thread.run_sync(switch.publish, targets + PLAN)
            caller = await carrier.call(number)
            seat = await seat_end.rang()
            await seat.answer()
            await caller.until("SIP/2.0 200")
            stage = Stage(switch, number, caller, seat, seat_end, other_end)
            await stage.both_hear(seat, SEAT_HZ)
            yield stage


def hops(record: CallRecord) -> list[str]:
    """Whom the call was at, in order."""
    return [attempt.target for attempt in record.attempts]


def noted(record: CallRecord) -> list[str]:
    """What the trace says of transfers."""
    return [str(step["chose"]) for step in record.trace if step["kind"] == "transfer"]


@pytest.mark.req("M3", "T1")
async def test_blind_by_refer(switch: Switch) -> None:
    """202, NOTIFY 100 to 200, then BYE; the caller and the extension hear each other; both hops are in the record."""
    async with talking(switch) as stage:
        await stage.refer(f"sip:801@127.0.0.1:{switch.port}")
        await stage.seat.until("SIP/2.0 202")
        other = await stage.other_end.rang()
        assert field(other.invite, "X-S400-Transferred-By") == "seat"
        await other.respond("180 Ringing")
        await stage.seat.until("NOTIFY", times=2)
        await stage.music()
        await other.answer()
        await stage.notified(100, 180, 200)
        await stage.seat.until("BYE")
        await stage.both_hear(other, OTHER_HZ)
        await stage.caller.hang_up()
        await other.until("BYE")
        record = await stage.record()
    assert hops(record) == ["seat", "other"]
    assert record.target == "other"
    assert noted(record) == ["other"]


@pytest.mark.req("M3", "W1")
async def test_refer_that_comes_to_nothing(switch: Switch) -> None:
    """A number outside the plan, and a busy extension: the telephone is told which, and has its caller all the time."""
    async with talking(switch) as stage:
        await stage.refer("sip:13912345678@127.0.0.1")
        await stage.notified(404)
        await stage.refer("sip:801@127.0.0.1", "Refer-Sub: false")
        other = await stage.other_end.rang()
        await stage.music()
        await other.respond("486 Busy Here")
        await stage.both_hear(stage.seat, SEAT_HZ)
        assert len(stage.seat.came("NOTIFY")) == 1  # the second REFER wanted none
        await stage.refer("sip:801@127.0.0.1")
        again = await stage.other_end.rang()
        await again.respond("486 Busy Here")
        await stage.notified(404, 100, 486)
        assert "id=" in field(stage.seat.came("NOTIFY")[-1], "Event")
        await stage.both_hear(stage.seat, SEAT_HZ)
        await stage.seat.hang_up()
        await stage.caller.until("BYE")
        record = await stage.record()
    assert hops(record) == ["seat", "other", "other"]
    assert record.target == "seat"
    assert noted(record) == ["refuse", "other", "back to the seat", "other", "back to the seat"]


@pytest.mark.req("M3")
async def test_a_telephone_that_hangs_up_on_its_referral(switch: Switch) -> None:
    """It sends BYE at once, as many do; nobody answers, so it is rung again and has its caller back."""
    async with talking(switch) as stage:
        await stage.refer("sip:801@127.0.0.1")
        other = await stage.other_end.rang()
        await stage.seat.hang_up()
        await stage.music()
        await other.respond("603 Decline")
        again = await stage.seat_end.rang()
        await again.answer()
        await stage.both_hear(again, SEAT_HZ)
        await stage.caller.hang_up()
        await again.until("BYE")
        record = await stage.record()
    assert hops(record) == ["seat", "other", "seat"]


@pytest.mark.req("M3")
async def test_attended_by_refer_with_replaces(switch: Switch) -> None:
    """The seat calls the other through the switch, then refers its caller there: the other's call is replaced."""
    async with talking(switch) as stage:
        await attended(stage, lambda: None)


@pytest.mark.req("M3", "S1")
async def test_attended_over_a_restart_of_the_daemon(own_switch: Callable[..., Switch]) -> None:
    """The same where the daemon is killed and the next one started between the seat's call to the other and its REFER.

    REFER is sent as soon as the new daemon listens, whether the processes have linked to it or not.
    """
    switch = await trio.to_thread.run_sync(own_switch)

    def restart() -> None:
        switch.stop(signal.SIGKILL)
        switch.start()

    async with talking(switch) as stage:
        await attended(stage, restart)


async def attended(stage: Stage, between: Callable[[], None]) -> None:
    """An attended transfer from the seat's call to the other until the end; `between` is done before REFER is sent."""
    switch = stage.switch
    plan = f'other = "{stage.other_end.uri}"\n'
    direct = await trio.to_thread.run_sync(switch.publish, plan)
    asking = await stage.seat_end.call(direct)
    asked = await stage.other_end.rang()
    await asked.answer()
    await asking.until("SIP/2.0 200")
    await asking.audio.until_hears(OTHER_HZ)
    tags = f"to-tag={asking.them.partition(';tag=')[2]};from-tag={asking.us.partition(';tag=')[2]}"
    replaces = f"{asking.call_id};{tags}".replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
    await trio.to_thread.run_sync(between)
    await stage.refer(f"{asking.target}?Replaces={replaces}")
    other = await stage.other_end.rang()
    named, *its_tags = field(other.invite, "Replaces").split(";")
    assert named == asked.call_id
    assert f"to-tag={asked.us.partition(';tag=')[2]}" in its_tags
    assert f"from-tag={asked.them.partition(';tag=')[2]}" in its_tags
    await other.answer()
    await asked.hang_up()  # as RFC 3891 has it for the dialog that was replaced
    await asking.until("BYE")
    await stage.notified(100, 200)
    await stage.seat.until("BYE")
    await stage.both_hear(other, OTHER_HZ)
    await other.hang_up()
    await stage.caller.until("BYE")
    record = await stage.record()
    assert hops(record) == ["seat", "other"]


@pytest.mark.req("M3")
async def test_blind_and_attended_by_key(switch: Switch) -> None:
    """*3 and *1: the seat speaks with the other and takes its caller back; *2: the other has the caller."""
    async with talking(switch) as stage:
        await stage.key("*3801#")
        other = await stage.other_end.rang()
        await stage.music()
        await other.answer()
        await stage.seat.audio.until_hears(OTHER_HZ)
        await other.audio.until_hears(SEAT_HZ)
        await stage.music()
        await stage.key("*1")
        await other.until("BYE")
        await stage.both_hear(stage.seat, SEAT_HZ)
        await stage.key("*2801#")
        other = await stage.other_end.rang()
        await stage.music()
        await other.answer()
        await stage.seat.until("BYE")
        await stage.both_hear(other, OTHER_HZ)
        await stage.caller.hang_up()
        await other.until("BYE")
        record = await stage.record()
    assert hops(record) == ["seat", "other", "other"]
    assert noted(record) == ["other", "back to the seat", "other"]
    assert record.talk_ms > 1000


@pytest.mark.req("M3")
async def test_attended_completed_by_hanging_up(switch: Switch) -> None:
    """*3, announce, hang up: the other has the caller; the seat is free."""
    async with talking(switch) as stage:
        await stage.key("*3801#")
        other = await stage.other_end.rang()
        await other.answer()
        await stage.seat.audio.until_hears(OTHER_HZ)
        await stage.seat.hang_up()
        await stage.both_hear(other, OTHER_HZ)
        await other.hang_up()
        await stage.caller.until("BYE")
        assert hops(await stage.record()) == ["seat", "other"]


@pytest.mark.req("M3")
@pytest.mark.parametrize("when", ["ringing", "consulting"])
async def test_the_caller_hangs_up_during_a_transfer(switch: Switch, when: str) -> None:
    """Everybody is let go: the seat by BYE, the other by CANCEL or BYE."""
    async with talking(switch) as stage:
        await stage.key("*3801#")
        other = await stage.other_end.rang()
        if when == "ringing":
            await other.respond("180 Ringing")
            await stage.music()
            await stage.caller.hang_up()
            await other.until("CANCEL")
        else:
            await other.answer()
            await stage.seat.audio.until_hears(OTHER_HZ)
            await stage.caller.hang_up()
            await other.until("BYE")
        await stage.seat.until("BYE")
        record = await stage.record()
    assert record.hung_up_by == "caller"
    assert hops(record) == ["seat", "other"]


@pytest.mark.soak
@pytest.mark.req("M3")
async def test_an_extension_that_never_answers(switch: Switch) -> None:
    """After its ring wait of 5 s it is cancelled, and the seat has its caller again."""
    async with talking(switch) as stage:
        await stage.key("*2801#")
        other = await stage.other_end.rang()
        await other.respond("180 Ringing")
        await stage.music()
        await other.until("CANCEL")
        await stage.both_hear(stage.seat, SEAT_HZ)
        await stage.caller.hang_up()
        await stage.seat.until("BYE")
        assert hops(await stage.record()) == ["seat", "other"]
