"""A seat hands its caller over, by key and by REFER; the caller hears music meanwhile and then the new target."""

from pathlib import Path
from typing import Any

import pytest
import trio

from b2bua.record import CallState
from routing.document import parse, to_plain
from tests.pj.ends import call, open_phone
from tests.pj.house import open_house
from tests.pj.raw import RawEnd, open_raw
from tests.pj.sound import write_tone
from tests.pj.wire import field


def _plan(seat: str, other: str) -> dict[str, Any]:
    return to_plain(
        parse(
            f"""
number = "400-600-1234"
subscriber = "test"
[targets]
seat = "{seat}"
other = "{other}"
[nodes.desk]
kind = "hunt"
targets = ["seat"]
[extensions]
801 = "other"
[transfer]
"""
        )
    )


async def _answer(seat: RawEnd) -> str:
    """Answer our INVITE at a raw seat; the URI of the dialog's other end."""
    invite = await seat.receive("INVITE")
    await seat.respond(invite, "200 OK", seat.sdp())
    await seat.receive("ACK")
    seat.call_id = field(invite, "Call-ID")
    seat.us = f"{field(invite, 'To')};tag=raw{seat.port}"
    seat.to, seat.cseq = field(invite, "From"), 100
    return field(invite, "Contact").partition("<")[2].partition(">")[0]


@pytest.mark.req("M3")
async def test_a_seat_that_sends_refer_hands_its_caller_over(tmp_path: Path) -> None:
    """REFER to an extension of the plan: its telephone rings, the caller hears it, and the seat gets BYE."""
    write_tone(tmp_path / "transfer-music.wav", 350, 1)
    outcomes: list[dict[str, Any]] = []
    async with (
        open_house("--prompts", str(tmp_path)) as house,
        open_raw() as seat,
        open_phone("--tone", "620", "--answer-after", "0.5") as other,
        trio.open_nursery() as nursery,
    ):
        house.plan = _plan(seat.address, other.address)
        child = await house.spawn()

        async def place() -> None:
            outcomes.append(await call(house.sip, "--seconds", "2.2"))

        nursery.start_soon(place)
        uri = await _answer(seat)
        await house.until(lambda: child.updates and child.updates[-1].state is CallState.TALKING)
        headers = (f"Refer-To: <sip:801@{house.sip}>", f"Referred-By: <{seat.address}>")
        await seat.request(house.forwarder.port, "REFER", uri, headers=headers)
        bye = await seat.receive("BYE")
        await seat.respond(bye, "200 OK")
        await other.wait_for("ended")
        await house.until(lambda: house.idle)
    assert outcomes[0]["heard_hz"] == pytest.approx(620, abs=2)
    assert [attempt.target for attempt in child.updates[-1].attempts] == ["seat", "other"]
    assert child.updates[-1].target == "other"


@pytest.mark.req("M3")
async def test_a_seat_that_keys_a_transfer_hands_its_caller_over(tmp_path: Path) -> None:
    """The seat keys `*1801#` by INFO: the caller hears music, then the extension, and the record shows both hops."""
    write_tone(tmp_path / "transfer-music.wav", 350, 1)
    outcomes: list[dict[str, Any]] = []
    async with (
        open_house("--prompts", str(tmp_path)) as house,
        open_raw() as seat,
        open_phone("--tone", "620") as other,
        trio.open_nursery() as nursery,
    ):
        house.plan = _plan(seat.address, other.address)
        child = await house.spawn()

        async def place() -> None:
            outcomes.append(await call(house.sip, "--seconds", "2.2"))

        nursery.start_soon(place)
        uri = await _answer(seat)
        await house.until(lambda: child.updates and child.updates[-1].state is CallState.TALKING)
        for key in "*1801#":
            seat.cseq += 1
            body = f"Signal={key}\r\nDuration=100\r\n"
            await seat.request(house.forwarder.port, "INFO", uri, body, kind="application/dtmf-relay")
            await seat.receive("200 OK")
        bye = await seat.receive("BYE")
        await seat.respond(bye, "200 OK")
        await other.wait_for("ended")
        await house.until(lambda: house.idle)
    assert outcomes[0]["heard_hz"] == pytest.approx(620, abs=2)
    assert [attempt.target for attempt in child.updates[-1].attempts] == ["seat", "other"]
