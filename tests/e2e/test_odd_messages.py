"""Odd but served: what PJSIP must never see, through the running switch with PJSIP in the middle."""

import re

import pytest

from tests.support.raw_sip import Raw
from tests.support.sipp import FROM, SDP, Target, pause, recv
from tests.support.switch import Switch, sip_uri

HANGS_UP = [
    recv("INVITE", rrs=True),
    Target.respond(180, "Ringing"),
    Target.respond(200, "OK", sdp=SDP),
    recv("ACK", keep=FROM),
    pause(300),
    Target.bye(),
    recv(200),
]


def value(message: str, name: str) -> str:
    """The first value of a header field."""
    found = re.search(rf"^{name}: (.*)$", message, re.MULTILINE)
    assert found, message
    return found[1]


def answered(carrier: Raw, invite: str) -> str:
    """Send the INVITE, acknowledge its 200; the 200."""
    carrier.send(invite)
    ok = carrier.final()
    assert ok.startswith("SIP/2.0 200"), ok
    uri = value(ok, "Contact").strip("<>")
    carrier.send(
        f"ACK {uri} SIP/2.0\nVia: SIP/2.0/UDP {carrier.me};branch=z9hG4bKack\nFrom: {value(ok, 'From')}\n"
        f"To: {value(ok, 'To')}\nCall-ID: {value(ok, 'Call-ID')}\nCSeq: 1 ACK\nContent-Length: 0\n\n"
    )
    return ok


def bye_of(carrier: Raw) -> str:
    """The switch's BYE, answered."""
    while not (bye := carrier.receive()).startswith("BYE "):
        pass
    copied = "".join(f"{name}: {value(bye, name)}\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
    carrier.send(f"SIP/2.0 200 OK\n{copied}Content-Length: 0\n\n")
    return bye


@pytest.mark.req("S1", "S5")
@pytest.mark.parametrize(
    ("change", "uri"),
    [
        (("Call-ID: {call}", "Call-ID: {call}" + "x" * 200), None),
        (("Call-ID: {call}", "Call-ID: {call} =odd;"), None),
        (("tag=f{call}", "tag=f{call}" + "y" * 200), None),
        (("From: <sip:02112345678@{me}>", "From: 张三, 上海 <sip:02112345678@pbx_dev>"), None),
        (("From: <sip:02112345678@{me}>", 'From: "a\\"; tag=x" <sip:02112345678@{me}>'), None),
        (("Contact: <sip:02112345678@{me}>", "Contact: <sip:c@{me};x=" + "z" * 260 + ">"), "sip:c@{me};x=" + "z" * 260),
        (("Max-Forwards", "Record-Route: <sip:{me};lr;ftag=" + "z" * 260 + ">\nMax-Forwards"), None),
        (("Max-Forwards", "Record-Route: sip:{me};lr\nMax-Forwards"), None),
        (("Max-Forwards", "Record-Route: <sip:{me}>\nMax-Forwards"), "sip:{me}"),
        ((";branch=z9hG4bK{call}", ""), None),
    ],
    ids=["call-id", "odd-call-id", "tag", "from", "display", "contact", "route", "bare-route", "strict", "rfc2543"],
)
def test_served_and_hung_up_on_its_own_terms(switch: Switch, change: tuple[str, str], uri: str | None) -> None:
    """F20, F21, F26, F29: 200, then a BYE with the carrier's own Call-ID, tag, route set and remote target."""
    with switch.target(HANGS_UP) as target, Raw(switch.address) as carrier:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        invite = carrier.invite(number)
        call = value(invite, "Call-ID")
        old, new = (text.replace("{call}", call).replace("{me}", carrier.me) for text in change)
        assert old in invite
        invite = invite.replace(old, new)
        ok = answered(carrier, invite)
        assert (value(ok, "Call-ID"), value(ok, "From")) == (value(invite, "Call-ID"), value(invite, "From"))
        bye = bye_of(carrier)
        target.wait()
    wanted = (uri or value(invite, "Contact").strip("<>")).replace("{me}", carrier.me)
    assert bye.startswith(f"BYE {wanted} SIP/2.0\n")
    assert value(bye, "Call-ID") == value(invite, "Call-ID")
    assert value(bye, "To").partition(";tag=")[2] == value(invite, "From").rpartition(";tag=")[2]
    (record,) = switch.closed(number)
    assert record.caller == "02112345678"
    assert record.ending is not None
    assert record.ending.slug == "normal"


@pytest.mark.req("S5")
def test_header_fields_go_through(switch: Switch) -> None:
    """F28: User-to-User and Session-ID reach the telephone, an identity does not, and nothing else."""
    with switch.target(HANGS_UP) as target, Raw(switch.address) as carrier:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        lines = "User-to-User: 3132;encoding=hex\nSession-ID: ab30317f1a784dc48ff824d0d3715d86\nX-Odd: x\n"
        answered(carrier, carrier.invite(number, headers=f"{lines}History-Info: <sip:02187654321@h>;index=1\n"))
        bye_of(carrier)
        target.wait()
        invite = target.messages().split("INVITE sip:")[1]
    assert value(invite, "User-to-User") == "3132;encoding=hex"
    assert value(invite, "Session-ID") == "ab30317f1a784dc48ff824d0d3715d86"
    assert "X-Odd" not in invite
    assert "History-Info" not in invite


@pytest.mark.req("S1")
def test_a_200_without_a_tag_is_a_call(switch: Switch) -> None:
    """F22: RFC 3261, 12.1.2: a target of RFC 2543 is acknowledged and talked to; before, it was left off-hook."""
    untagged = [
        recv("INVITE"),
        Target.respond(200, "OK", sdp=SDP, tag=False),
        recv("ACK"),
        recv("BYE"),
        Target.respond(200, "OK", tag=False),
    ]
    with switch.target(untagged) as target, Raw(switch.address) as carrier:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        ok = answered(carrier, carrier.invite(number))
        uri = value(ok, "Contact").strip("<>")
        carrier.send(
            f"BYE {uri} SIP/2.0\nVia: SIP/2.0/UDP {carrier.me};branch=z9hG4bKbye\nFrom: {value(ok, 'From')}\n"
            f"To: {value(ok, 'To')}\nCall-ID: {value(ok, 'Call-ID')}\nCSeq: 2 BYE\nContent-Length: 0\n\n"
        )
        assert carrier.final().startswith("SIP/2.0 200")
        target.wait()
    (record,) = switch.closed(number)
    assert record.target == "desk"
