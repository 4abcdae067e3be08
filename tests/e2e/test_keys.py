"""What callers hear and key on the running switch: menus and a password, by every way that keys can come."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from b2bua.records.call_record import CallRecord
from tests.support.sip_far_end import Line, open_far
from tests.support.sip_text import field
from tests.support.sound import write_tone
from tests.support.switch import Switch

WAYS = ("event", "dtmf-relay", "dtmf", "in-band")
CALLER_HZ, TARGET_HZ, MAIN_HZ, STORES_HZ, ASK_HZ, WRONG_HZ = 440, 620, 500, 560, 680, 1040
# The example of document D with A's extension menu below it, and a way back.
MENUS = """start = "main"
[targets]
sales = "sip:nobody@127.0.0.1:9"
store = "{store}"
[extensions]
802 = "store"
[nodes.main]
kind = "menu"
prompts = ["welcome"]
keys = {{ 1 = "sales-desk", 2 = "stores", 3 = "sales-desk", 0 = "sales-desk" }}
otherwise = "bye"
[nodes.stores]
kind = "menu"
prompts = ["extension-menu"]
extensions = true
keys = {{ 1 = "sales-desk", 2 = "sales-desk", 3 = "sales-desk", "*" = "main" }}
otherwise = "bye"
inter_s = 1
[nodes.sales-desk]
kind = "hunt"
targets = ["sales"]
[nodes.bye]
kind = "release"
cause = "no-answer"
"""
PASSWORD, WRONG = "90417263", "55512348"


def codecs_for(way: str) -> str:
    """What a far end offers that keys in this way."""
    return "8" if way == "in-band" else "8 101"


async def key(line: Line, keys: str, way: str) -> None:
    """Press keys one after another."""
    for one in keys:
        if way in ("dtmf-relay", "dtmf"):
            body = f"Signal={one}\r\nDuration=160\r\n" if way == "dtmf-relay" else one
            await line.request("INFO", body, kind=f"application/{way}")
            await line.until("SIP/2.0 200", lambda message: "INFO" in field(message, "CSeq"), times=line.cseq - 100)
        else:
            line.audio.press(one, in_band=way == "in-band", ms=60, gap_ms=60)


async def published(switch: Switch, document: str, tones: dict[str, int], *, seconds: float = 4) -> str:
    """A number with this plan whose prompts are tones."""
    targets, _, rest = document.partition("[targets]\n")
    number = await trio.to_thread.run_sync(switch.publish, rest, targets)
    for name, hz in tones.items():
        write_tone(Path(switch.state) / "prompts" / number / f"{name}.wav", hz, seconds)
    return number


async def closed(switch: Switch, number: str) -> CallRecord:
    """The record of the one call to a number, once it is closed."""
    (record,) = await trio.to_thread.run_sync(switch.closed, number)
    return record


@pytest.mark.req("M1", "M2", "M8")
@pytest.mark.parametrize("way", WAYS)
async def test_a_level_down_and_back_and_an_extension(switch: Switch, way: str) -> None:
    """Each menu is heard in 183 before any 200; keys stop it at once; the talk is charged from the target's answer."""
    with trio.fail_after(90):
        async with (
            open_far(switch.port, CALLER_HZ, codecs=codecs_for(way)) as carrier,
            open_far(switch.port, TARGET_HZ) as store,
        ):
            tones = {"welcome": MAIN_HZ, "extension-menu": STORES_HZ}
            number = await published(switch, MENUS.format(store=store.uri), tones)
            caller = await carrier.call(number)
            for keys, hz in (("2", MAIN_HZ), ("*", STORES_HZ), ("2", MAIN_HZ), ("802", STORES_HZ)):
                await caller.audio.until_hears(hz)
                await key(caller, keys, way)
            rung = await store.rang()
            assert "m=audio" in caller.came("SIP/2.0 183")[0]
            assert not [one for one in caller.came("SIP/2.0 200") if "INVITE" in field(one, "CSeq")]
            assert field(rung.invite, "X-S400-Menu") == "main=2, stores=*, main=2, stores=802"
            await rung.respond("180 Ringing")
            await trio.sleep(0.5)  # so that what rings is longer than what is talked
            await rung.answer()
            await caller.until("SIP/2.0 200", lambda message: "INVITE" in field(message, "CSeq"))
            await caller.audio.until_hears(TARGET_HZ)
            await rung.audio.until_hears(CALLER_HZ)
            await caller.hang_up()
            await rung.until("BYE")
            record = await closed(switch, number)
    assert record.answered_ms is not None
    assert record.ended_ms is not None
    assert record.answered_ms - record.accepted_ms > 1000
    assert abs(record.talk_ms - (record.ended_ms - record.answered_ms)) < 100


def _locked(store: str, first_s: int) -> str:
    return (
        f'[targets]\nstore = "{store}"\n[verify]\npassword = "{PASSWORD}"\ntries = 2\n'
        f"first_s = {first_s}\ninter_s = 5\n"
        '[nodes.desk]\nkind = "hunt"\ntargets = ["store"]\n'
    )


def _nowhere_on_disk(switch: Switch) -> None:
    kept = [path for path in Path(switch.state).rglob("*") if path.is_file()]
    for path in [*kept, switch.folder / "daemon.log"]:
        content = path.read_bytes()
        assert PASSWORD.encode() not in content, path
        assert WRONG.encode() not in content, path


@pytest.mark.req("O5")
@pytest.mark.parametrize(
    ("tries", "way", "opens"),
    [
        ((PASSWORD,), "event", True),
        ((WRONG, PASSWORD), "dtmf", True),
        ((WRONG, WRONG), "in-band", False),
        pytest.param((), "event", False, marks=pytest.mark.soak),
    ],
    ids=["right at once", "right on the last try", "wrong", "too slow"],
)
async def test_a_password(switch: Switch, tries: tuple[str, ...], way: str, opens: bool) -> None:
    """Only the right keys ring the target; else 403 after as many tries; the keys stand nowhere on disk or in a log."""
    with trio.fail_after(90):
        async with (
            open_far(switch.port, CALLER_HZ, codecs=codecs_for(way)) as carrier,
            open_far(switch.port, TARGET_HZ) as store,
        ):
            tones = {"password": ASK_HZ, "password-wrong": WRONG_HZ}
            number = await published(switch, _locked(store.uri, first_s=10 if tries else 1), tones, seconds=0.6)
            caller = await carrier.call(number)
            for keys in tries:
                await caller.audio.until_hears(ASK_HZ)
                await key(caller, keys + "#", way)
                if keys == WRONG and way != "in-band":
                    await caller.audio.until_hears(WRONG_HZ)
                elif keys == WRONG and keys is not tries[-1]:
                    await caller.audio.until(lambda audio: audio.hears(WRONG_HZ))
            if opens:
                rung = await store.rang()
                await rung.answer()
                await caller.audio.until_hears(TARGET_HZ)
                await caller.hang_up()
            else:
                await caller.until("SIP/2.0 403", timeout_s=25)
            record = await closed(switch, number)
    assert (record.answered_ms is not None) is opens
    assert len(record.attempts) == opens
    await trio.to_thread.run_sync(_nowhere_on_disk, switch)
    assert PASSWORD not in repr(record)
    assert WRONG not in repr(record)


@pytest.mark.req("M1", "M2")
async def test_a_carrier_without_early_media(own_switch: Callable[..., Switch]) -> None:
    """Its caller is answered at once to hear anything; only the talk with the target counts as talk."""
    switch = await trio.to_thread.run_sync(lambda: own_switch(more="early_media = false"))
    with trio.fail_after(90):
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as store:
            number = await published(
                switch, MENUS.format(store=store.uri), {"welcome": MAIN_HZ, "extension-menu": STORES_HZ}
            )
            caller = await carrier.call(number)
            await caller.until("SIP/2.0 200")
            await caller.audio.until_hears(MAIN_HZ)
            assert not caller.came("SIP/2.0 183")
            await key(caller, "2", "event")
            await caller.audio.until_hears(STORES_HZ)
            await key(caller, "802", "event")
            rung = await store.rang()
            await rung.answer()
            await caller.audio.until_hears(TARGET_HZ)
            await caller.hang_up()
            record = await closed(switch, number)
    assert record.ended_ms is not None
    assert record.talk_ms < record.ended_ms - record.accepted_ms - 500
