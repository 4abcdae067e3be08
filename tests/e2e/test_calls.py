"""Whole calls through the running switch, with SIPp at both ends."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from b2bua.records.call_record import Party
from tests.support.raw_sip import Raw
from tests.support.sipp import FROM, SDP, Caller, Sipp, Target, pause, recv
from tests.support.switch import Switch, sip_uri

ANSWERS = [
    recv("INVITE"),
    Target.respond(180, "Ringing"),
    Target.respond(200, "OK", sdp=SDP),
    recv("ACK"),
    recv("BYE"),
    Target.respond(200, "OK", tag=False),
]
NEVER = [
    recv("INVITE", keep="CSeq: ([0-9]+)"),
    Target.respond(180, "Ringing"),
    recv("CANCEL"),
    Target.respond(200, "OK"),
    Target.respond(487, "Request Terminated", cseq="CSeq: [$kept] INVITE"),
    recv("ACK"),
]
TALKS = [
    Caller.invite(),
    recv(100, optional=True),
    recv(180, optional=True),
    recv(183, optional=True),
    recv(200, rrs=True),
    Caller.ack(),
    pause(300),
    Caller.request("BYE", 2),
    recv(200),
]


def refuses(status: int, phrase: str) -> list[str]:
    """A target that refuses the call."""
    return [recv("INVITE"), Target.respond(status, phrase), recv("ACK")]


def refused_with(status: int, check: str = "") -> list[str]:
    """A caller who ends up with a final failure."""
    return [
        Caller.invite(),
        recv(100, optional=True),
        recv(180, optional=True),
        recv(183, optional=True),
        recv(status, check=check),
        Caller.ack(ok=False),
    ]


def two(first: Sipp, second: Sipp) -> str:
    """The targets table of a plan with two targets."""
    return f'first = "{sip_uri(first.port)}"\nsecond = "{sip_uri(second.port)}"'


@pytest.mark.req("S1", "S5", "M9", "P1", "N3")
def test_answered(switch: Switch) -> None:
    """A call is bridged; the target sees the caller's number and the 400 number; one record says how it went."""
    with switch.target(ANSWERS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        began = time.monotonic()
        with switch.caller(number, TALKS, caller="13800138000") as caller:
            caller.wait()
        whole_ms = (time.monotonic() - began) * 1000
        target.wait()
        invite = target.messages().split("INVITE sip:")[1]
    assert "<sip:13800138000@" in re.findall("^From: .*", invite, re.MULTILINE)[0]
    assert "13800138000" in re.findall("^P-Asserted-Identity: .*", invite, re.MULTILINE)[0]
    assert number in re.findall("^Diversion: .*", invite, re.MULTILINE)[0]
    assert len(re.findall("^Via: ", invite.split("\n\n")[0], re.MULTILINE)) == 1
    (record,) = switch.closed(number)
    assert record.caller == "13800138000"
    assert record.hung_up_by is Party.CALLER
    assert record.target == "desk"
    assert record.accepted_ms <= (record.rang_ms or 0) <= (record.answered_ms or 0) <= (record.ended_ms or 0)
    assert 200 <= record.talk_ms <= whole_ms
    assert [attempt.target for attempt in record.attempts] == ["desk"]


@pytest.mark.req("R6", "R8", "R4")
def test_busy_then_next(switch: Switch) -> None:
    """A busy target advances at once to the next; both attempts are in the record."""
    with switch.target(refuses(486, "Busy Here")) as busy, switch.target(ANSWERS) as second:
        number = switch.publish(two(busy, second))
        with switch.caller(number, TALKS) as caller:
            caller.wait()
        second.wait()
    (record,) = switch.closed(number)
    assert [(attempt.target, attempt.ending and attempt.ending.slug) for attempt in record.attempts] == [
        ("first", "busy"),
        ("second", "normal"),
    ]
    assert record.target == "second"


@pytest.mark.req("R6", "R7")
def test_no_answer_then_next(switch: Switch) -> None:
    """A target that only rings is cancelled when its wait is over, and the next one is rung."""
    with switch.target(NEVER) as never, switch.target(ANSWERS) as second:
        targets = f'first = {{ address = "{sip_uri(never.port)}", ring_s = 5 }}\nsecond = "{sip_uri(second.port)}"'
        number = switch.publish(targets)
        with switch.caller(number, TALKS) as caller:
            caller.wait()
        second.wait()
        assert "CANCEL sip:" in never.messages()
    (record,) = switch.closed(number)
    assert record.attempts[0].ending is not None
    assert record.attempts[0].ending.slug == "no-answer"


@pytest.mark.req("R12", "R6")
def test_all_busy(switch: Switch) -> None:
    """Only when every target is busy does the caller hear busy: 486 with the Q.850 cause that says so."""
    with switch.target(refuses(486, "Busy Here")) as one, switch.target(refuses(486, "Busy Here")) as other:
        number = switch.publish(two(one, other))
        with switch.caller(number, refused_with(486, "Reason: .*cause=17")) as caller:
            caller.wait()
    (record,) = switch.closed(number)
    assert record.ending is not None
    assert (record.ending.slug, record.ending.q850, record.talk_ms) == ("busy", 17, 0)


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("status", "phrase"),
    [(480, "Temporarily Unavailable"), (404, "Not Found"), (503, "Service Unavailable"), (603, "Decline")],
)
def test_causes_travel(switch: Switch, status: int, phrase: str) -> None:
    """What a lone target's side said reaches the caller's side unchanged."""
    with switch.target(refuses(status, phrase)) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, refused_with(status)) as caller:
            caller.wait()
        target.wait()
    (record,) = switch.closed(number)
    assert record.ending is not None
    assert record.ending.sip == status


@pytest.mark.req("S1")
def test_caller_cancels(switch: Switch) -> None:
    """A caller who hangs up while it rings gets 487; the target's phone stops ringing; nobody is charged."""
    cancels = [Caller.invite(), recv(100, optional=True), recv(180), pause(100), Caller.cancel(), recv(200), recv(487)]
    with switch.target(NEVER) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, [*cancels, Caller.ack(ok=False)]) as caller:
            caller.wait()
        target.wait()
    (record,) = switch.closed(number)
    assert (record.hung_up_by, record.talk_ms, record.answered_ms) == (Party.CALLER, 0, None)


@pytest.mark.req("S1")
def test_cancel_right_behind_the_invite(own_switch: Callable[..., Switch]) -> None:
    """A CANCEL that reaches the call process in the same instant as its INVITE ends the call: 487, a closed record."""
    switch = own_switch(spare=20)
    with switch.target(refuses(486, "Busy Here"), calls=100) as target, Raw(switch.address) as carrier:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        for index in range(20):
            invite = carrier.invite(number, call=f"hasty{index}")
            carrier.send(invite)
            carrier.send(carrier.cancel(invite))
            answer = carrier.final()
            while f"Call-ID: hasty{index}\nCSeq: 1 INVITE" not in answer:
                answer = carrier.final()
            assert answer.startswith("SIP/2.0 487")
        records = switch.closed(number, 20)
    assert len(records) == 20
    assert {(record.hung_up_by, record.talk_ms, record.answered_ms) for record in records} == {(Party.CALLER, 0, None)}


@pytest.mark.req("S1")
def test_late_answer_against_cancel(switch: Switch) -> None:
    """A target that answers in the instant of the CANCEL is acknowledged and hung up: no orphan leg, no charge."""
    late = [
        recv("INVITE", keep="CSeq: ([0-9]+)"),
        Target.respond(180, "Ringing"),
        recv("CANCEL"),
        Target.respond(200, "OK", sdp=SDP, cseq="CSeq: [$kept] INVITE"),
        recv("ACK"),
        recv("BYE"),
        Target.respond(200, "OK", tag=False),
    ]
    cancels = [Caller.invite(), recv(100, optional=True), recv(180), Caller.cancel(), recv(200), recv(487)]
    with switch.target(late) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, [*cancels, Caller.ack(ok=False)]) as caller:
            caller.wait()
        target.wait()
    (record,) = switch.closed(number)
    assert record.talk_ms == 0


@pytest.mark.req("S1")
def test_target_hangs_up(switch: Switch) -> None:
    """A target that hangs up ends the caller's leg with BYE; the record says who it was."""
    hangs_up = [
        recv("INVITE", rrs=True),
        Target.respond(200, "OK", sdp=SDP),
        recv("ACK", keep=FROM),
        pause(200),
        Target.bye(),
        recv(200),
    ]
    waits = [*TALKS[:6], recv("BYE"), Target.respond(200, "OK", tag=False)]
    with switch.target(hangs_up) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, waits) as caller:
            caller.wait()
        target.wait()
    (record,) = switch.closed(number)
    assert record.hung_up_by is Party.TARGET


@pytest.mark.req("S1")
def test_retransmitted_invite(switch: Switch) -> None:
    """An INVITE that comes twice is one call: the target is rung once and one record is written."""
    twice = [Caller.invite(retrans=False), Caller.invite(retrans=False), *TALKS[1:]]
    with switch.target(ANSWERS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, twice) as caller:
            caller.wait()
        target.wait()
        assert len(re.findall("^INVITE sip:", target.messages(), re.MULTILINE)) == 1
    assert len(switch.closed(number)) == 1


@pytest.mark.req("S1")
def test_invite_without_sdp(switch: Switch) -> None:
    """A delayed offer: the switch offers in its 200 and the caller's ACK carries the answer (RFC 3261 §13.2.1)."""
    late_offer = [
        Caller.invite(sdp=""),
        recv(100, optional=True),
        recv(180, optional=True),
        recv(200, rrs=True, check="m=audio"),
        Caller.ack(sdp=SDP),
        pause(200),
        Caller.request("BYE", 2),
        recv(200),
    ]
    with switch.target(ANSWERS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, late_offer) as caller:
            caller.wait()
        target.wait()


@pytest.mark.req("S1")
def test_hold_and_resume(switch: Switch) -> None:
    """A caller may hold and resume with re-INVITEs, and the call goes on (RFC 3264 §8.4)."""
    held = SDP.replace("a=sendrecv", "a=sendonly")
    holds = [
        *TALKS[:6],
        Caller.request("INVITE", 2, sdp=held),
        recv(100, optional=True),
        recv(200, check="a=(recvonly|inactive)"),
        Caller.ack(cseq=2),
        pause(100),
        Caller.request("INVITE", 3, sdp=SDP),
        recv(100, optional=True),
        recv(200, check="a=sendrecv"),
        Caller.ack(cseq=3),
        Caller.request("BYE", 4),
        recv(200),
    ]
    with switch.target(ANSWERS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, holds) as caller:
            caller.wait()
        target.wait()


@pytest.mark.req("S5")
def test_over_tcp(switch: Switch) -> None:
    """A carrier that speaks TCP is served over its connection, and so is a TCP target."""
    with switch.target(ANSWERS, options=["-t", "t1"]) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)};transport=tcp"')
        with switch.caller(number, TALKS, options=["-t", "t1"]) as caller:
            caller.wait()
        target.wait()
    assert len(switch.closed(number)) == 1


@pytest.mark.req("M9")
def test_privacy(switch: Switch) -> None:
    """A caller who asks for privacy is not shown in From; the identity carries Privacy: id (RFC 3323, 3325)."""
    private = [Caller.invite(extra="Privacy: id\nP-Asserted-Identity: <sip:02187654321@127.0.0.1>\n"), *TALKS[1:]]
    with switch.target(ANSWERS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, private, caller="anonymous") as caller:
            caller.wait()
        target.wait()
        invite = target.messages().split("INVITE sip:")[1]
    assert "02187654321" not in re.findall("^From: .*", invite, re.MULTILINE)[0]
    assert "anonymous" in re.findall("^From: .*", invite, re.MULTILINE)[0].lower()
    assert re.search("^Privacy: .*id", invite, re.MULTILINE)
    assert switch.closed(number)[0].caller == "02187654321"


@pytest.mark.req("O1", "S5")
def test_a_payphone_by_its_category(switch: Switch) -> None:
    """What the carrier says a caller is (`cpc`) decides: one plan sends payphones elsewhere, another refuses them."""
    said = "P-Asserted-Identity: <sip:+862112345678;cpc=payphone@[local_ip];user=phone>"
    with switch.target(ANSWERS) as kiosk:
        branch = 'branches = [{ classes = ["payphone"], then = "kiosk" }]\notherwise = "desk"'
        hunts = "".join(f'\n[nodes.{name}]\nkind = "hunt"\ntargets = ["{name}"]' for name in ("kiosk", "desk"))
        number = switch.publish(
            f'kiosk = "{sip_uri(kiosk.port)}"\ndesk = "{sip_uri(9)}"\n[nodes.who]\nkind = "origin"\n{branch}{hunts}'
        )
        with switch.caller(number, [Caller.invite(extra=said), *TALKS[1:]]) as caller:
            caller.wait()
        kiosk.wait()
    (record,) = switch.closed(number)
    assert (record.facts["caller"]["caller_class"], record.caller) == ("payphone", "02112345678")
    assert record.trace[0]["looked_at"]["fits"] == "class payphone"
    number = switch.publish(f'desk = "{sip_uri(9)}"\n[screen]\nrefuse = ["payphone"]\nannounce = false')
    with switch.caller(number, [Caller.invite(extra=said), *refused_with(403)[1:]]) as caller:
        caller.wait()
    (record,) = switch.closed(number)
    assert record.trace[0]["looked_at"]["class"] == "payphone"


@pytest.mark.req("W1")
def test_a_carrier_without_mobiles(own_switch: Callable[..., Switch]) -> None:
    """Calls of a carrier that allows no mobiles as targets pass them over, and the trace says why; landlines ring.

    What-if says the same of a call by that trunk.
    """
    switch = own_switch(more="mobile_targets = false")
    with switch.target(ANSWERS) as desk:
        number = switch.publish(f'boss = "138 0013 8000"\ndesk = "{sip_uri(desk.port)}"')
        with switch.caller(number, TALKS) as caller:
            caller.wait()
        desk.wait()
    (record,) = switch.closed(number)
    assert [attempt.target for attempt in record.attempts] == ["desk"]
    assert ["boss", "the carrier of this call allows no mobiles as targets"] in record.trace[0]["passed_over"]
    told: Any = switch.ask(
        "plan.explain", {"text": plan_of(switch, number), "caller": "02112345678", "trunk": "carrier"}
    )
    assert told["steps"][0]["passed_over"] == record.trace[0]["passed_over"]
    assert [[each["target"] for each in wave] for wave in told["rings"]] == [["desk"]]
    told = switch.ask("plan.explain", {"text": plan_of(switch, number), "caller": "02112345678"})
    assert told["rings"][0][0]["target"] == "boss"


def plan_of(switch: Switch, number: str) -> str:
    """The text of a number's plan in force."""
    shown: Any = switch.ask("plan.show", {"number": number})
    return str(shown["text"])
