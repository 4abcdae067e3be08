"""How the end of one leg is passed on to the other: with the right Reason, with the right status, and at once."""

import pytest
import trio

from b2bua.records.call_record import CallRecord
from tests.support.sip_far_end import Far, Line, open_far
from tests.support.sip_text import field, start
from tests.support.sound import write_tone
from tests.support.switch import Switch

CALLER_HZ, TARGET_HZ, MENU_HZ = 440, 620, 500
TOGETHER_S = 3.0
"""Both legs of a call end within this time (F17)."""
MENU = (
    '[nodes.main]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 4 = "ring" }\notherwise = "ring"\n'
    '[nodes.ring]\nkind = "hunt"\ntargets = ["a"]\n'
)


async def plain(switch: Switch, target: Far, more: str = "") -> str:
    """A number with one target."""
    return await trio.to_thread.run_sync(switch.publish, f'a = "{target.uri}"', more)


async def talk(carrier: Far, target: Far, number: str, *, offer: bool = True) -> tuple[Line, Line]:
    """A call that is answered."""
    caller = await carrier.call(number, offer=offer)
    desk = await target.rang()
    await desk.answer()
    await caller.until("SIP/2.0 200")
    return caller, desk


async def closed(switch: Switch, number: str) -> CallRecord:
    """The one record of a number."""
    (record,) = await trio.to_thread.run_sync(switch.closed, number)
    return record


@pytest.mark.req("S1")
@pytest.mark.parametrize("by_caller", [True, False])
async def test_a_normal_end_says_no_status(switch: Switch, by_caller: bool) -> None:
    """F11: after a normal BYE the other side's BYE has Q.850 cause 16 alone, whoever hung up."""
    async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as target:
        ends = await talk(carrier, target, await plain(switch, target))
        first, other = ends if by_caller else ends[::-1]
        await first.hang_up()
        assert field(await other.until("BYE"), "Reason") == "Q.850;cause=16"


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("reason", "passed_on"),
    [
        ('SIP;cause=200;text="Call completed elsewhere"', 'SIP;cause=200;text="Call completed elsewhere"'),
        ("Q.850;cause=26", 'SIP;cause=200;text="Call completed elsewhere"'),
        ("SIP;cause=487", "Q.850;cause=16"),
        ("Q.850;cause=16", "Q.850;cause=16"),
    ],
)
async def test_why_the_carrier_cancels_reaches_the_target(switch: Switch, reason: str, passed_on: str) -> None:
    """F11: a telephone that rang for a call which was taken elsewhere must not list it as missed."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as target:
        number = await plain(switch, target)
        caller = await carrier.call(number)
        desk = await target.rang()
        await desk.respond("180 Ringing")
        await caller.until("SIP/2.0 180")
        await caller.cancel(f"Reason: {reason}")
        assert field(await desk.until("CANCEL"), "Reason") == passed_on
        await caller.until("SIP/2.0 487")


@pytest.mark.req("S1")
@pytest.mark.parametrize("status", ["401 Unauthorized", "407 Proxy Authentication Required", "421 Extension Required"])
async def test_what_a_target_wants_from_us_is_not_asked_of_the_caller(switch: Switch, status: str) -> None:
    """F11: a challenge, or an extension that is required of us, reaches the carrier as 502."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as target:
        caller = await carrier.call(await plain(switch, target))
        desk = await target.rang()
        await desk.respond(status, headers=('WWW-Authenticate: Digest realm="x", nonce="y"',))
        assert start(await caller.until("SIP/2.0 ", lambda one: start(one)[8:9] in "456")).startswith("SIP/2.0 502")


@pytest.mark.req("S1")
async def test_a_far_end_that_is_gone_takes_the_other_with_it(switch: Switch) -> None:
    """F17: a target that lost its dialog (481) and answers nothing more: the caller gets BYE within 3 s, not 32."""
    async with (
        open_far(switch.port, CALLER_HZ) as carrier,
        open_far(switch.port, TARGET_HZ, codecs="8 0 101") as target,
    ):
        number = await plain(switch, target)
        caller = await carrier.call(number)
        desk = await target.rang()
        desk.by_itself = False
        await desk.answer()
        await caller.until("SIP/2.0 200")
        again = await desk.until("INVITE")  # leaves one codec, see below
        await desk.respond("481 Call Does Not Exist", request=again)
        await desk.until("BYE", timeout_s=TOGETHER_S)
        await caller.until("BYE", timeout_s=TOGETHER_S)
        record = await closed(switch, number)
    assert record.ending is not None
    assert record.ending.slug == "signalling-lost"
    assert record.talk_ms < 1000 * TOGETHER_S


@pytest.mark.req("S1")
@pytest.mark.parametrize("payload", [8, 0])
async def test_a_target_with_two_codecs_is_heard(switch: Switch, payload: int) -> None:
    """F7: a target that answers PCMA and PCMU is offered one codec, and heard when it sends that one."""
    async with (
        open_far(switch.port, CALLER_HZ) as carrier,
        open_far(switch.port, TARGET_HZ, codecs="8 0 101") as target,
    ):
        caller, desk = await talk(carrier, target, await plain(switch, target))
        again = await desk.until("INVITE")
        offered = again.partition("m=audio ")[2].partition("\r\n")[0].split()[2:]
        assert [one for one in offered if int(one) < 96] == ["8"]
        await caller.audio.until_hears(TARGET_HZ)
        await caller.hang_up()


@pytest.mark.req("S1", "S5")
async def test_a_late_answer_that_never_comes(switch: Switch) -> None:
    """F6: INVITE without SDP, our offer in the 200, an ACK without an answer: BYE both ways, no more charge."""
    async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as target:
        number = await plain(switch, target)
        caller = await carrier.call(number, offer=False)
        caller.answers_late = False
        desk = await target.rang()
        await desk.answer()
        await caller.until("BYE", timeout_s=TOGETHER_S)
        await desk.until("BYE", timeout_s=TOGETHER_S)
        record = await closed(switch, number)
    assert record.ending is not None
    assert record.ending.slug == "no-common-codec"
    assert record.talk_ms < 1000 * TOGETHER_S


@pytest.mark.req("S1", "M2")
async def test_an_invite_without_an_offer_and_a_menu(switch: Switch) -> None:
    """F5: the caller gets 200 with our offer at once and no 183 with SDP, hears the menu, and its key is obeyed."""
    async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as target:
        number = await plain(switch, target, f'start = "main"\n{MENU}')
        write_tone(switch.state / "prompts" / number / "menu.wav", MENU_HZ, 8)
        caller = await carrier.call(number, offer=False)
        assert "m=audio" in await caller.until("SIP/2.0 200")
        await caller.audio.until_hears(MENU_HZ)
        caller.audio.press("4")
        desk = await target.rang()
        await desk.answer()
        await caller.audio.until_hears(TARGET_HZ)
        await desk.audio.until_hears(CALLER_HZ)
        assert not any("m=audio" in one for one in caller.came("SIP/2.0 18"))
        await caller.hang_up()


@pytest.mark.req("S1", "M2")
async def test_a_menu_to_which_no_late_answer_comes(switch: Switch) -> None:
    """F6 before a target is rung: a caller who acknowledges our offer without an answer gets BYE."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as target:
        number = await plain(switch, target, f'start = "main"\n{MENU}')
        write_tone(switch.state / "prompts" / number / "menu.wav", MENU_HZ, 8)
        caller = await carrier.call(number, offer=False)
        caller.answers_late = False
        await caller.until("BYE", timeout_s=TOGETHER_S)
        record = await closed(switch, number)
        assert not target.lines
    assert record.ending is not None
    assert record.ending.slug == "no-common-codec"
