"""What the INVITE to a target says of the caller, and what leg ends are understood to mean."""

import re
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.callproc import invitation as invitation_module
from b2bua.callproc.digit_collector import DigitCollector
from b2bua.callproc.invitation import NoRoute, invitation
from b2bua.callproc.leg_end import q850_in, reason_of
from b2bua.ipc.protocol import Assign, InviteKey, Route
from routing.cause import ANSWERED_ELSEWHERE, BUSY, NO_ANSWER, NORMAL, UNALLOCATED, Cause
from routing.command import CollectDigits, Context, Ring
from routing.event import DigitsKeyed, KeysEnd, SecretKeyed
from routing.facts import Caller, CallerClass, Facts
from routing.ids import CALLER, CallId, LegId, NodeName, Number400, TargetName, TrunkName
from routing.secret import hide

FACTS = Facts(
    CallId("c"),
    Number400("4006001234"),
    Caller("13800138000", CallerClass.MOBILE),
    TrunkName("t"),
    datetime(2026, 3, 2, tzinfo=UTC),
)
ASSIGN = Assign("c", InviteKey("", ""), 0, FACTS, "", None, (Route("gw", "192.0.2.7", 5070, "tcp"),), "", "sw.test", "")

_SECRET = hide("4711", "4006001234")


def _ring(address: str) -> Ring:
    return Ring(LegId(1), TargetName("t"), address)


def _withheld(number: str = "13800138000") -> Assign:
    caller = Caller(number, CallerClass.MOBILE, withheld=True)
    return attrs.evolve(ASSIGN, facts=attrs.evolve(FACTS, caller=caller))


@pytest.mark.req("M9")
def test_a_telephone_number_goes_to_the_gateway_by_its_transport() -> None:
    """The request URI names the gateway and its transport, From the caller at our own name."""
    invite = invitation(_ring("02162288300"), ASSIGN, None)
    assert invite.uri == "sip:02162288300@192.0.2.7:5070;transport=tcp"
    assert invite.local_uri == "<sip:13800138000@sw.test>"


@pytest.mark.req("M9")
def test_a_withheld_number_is_shown_to_no_telephone_and_asserted_to_the_gateway_only() -> None:
    """Anonymous From and Privacy everywhere; P-Asserted-Identity only where a gateway, which is trusted, gets it."""
    behind = invitation(_ring("02162288300"), _withheld(), None)
    direct = invitation(_ring("sip:1001@192.0.2.9"), _withheld(), None)
    for invite in (behind, direct):
        assert invite.local_uri == '"Anonymous" <sip:anonymous@anonymous.invalid>'
        assert invite.headers["Privacy"] == "id"
    assert behind.headers["P-Asserted-Identity"] == "<sip:13800138000@sw.test>"
    assert "13800138000" not in repr(direct)


def test_without_a_gateway_a_number_cannot_be_called_and_a_uri_can() -> None:
    """NoRoute for a telephone number, and the URI as it stands for a SIP address."""
    bare = attrs.evolve(ASSIGN, routes=())
    assert invitation(_ring("sip:1001@192.0.2.9"), bare, None).uri == "sip:1001@192.0.2.9"
    with pytest.raises(NoRoute):
        invitation(_ring("02162288300"), bare, None)


@pytest.mark.req("M8", "T1")
def test_a_seats_system_is_told_what_the_caller_went_through() -> None:
    """The 400 number, the call, the caller's place, menus and keys, who transfers; in ASCII; not to a gateway."""
    caller = attrs.evolve(FACTS.caller, place="上海", area="021")
    assign = attrs.evolve(ASSIGN, facts=attrs.evolve(FACTS, caller=caller))
    menus = ((NodeName("welcome"), "1"), (NodeName("产品"), "#"))
    ring = attrs.evolve(_ring("sip:1001@192.0.2.9"), context=Context(menus, TargetName("desk")))
    told = {name: text for name, text in invitation(ring, assign, None).headers.items() if name.startswith("X-S400-")}
    assert told == {
        "X-S400-Max-Forwards": "70",
        "X-S400-Number": "4006001234",
        "X-S400-Call": "c",
        "X-S400-Place": "%E4%B8%8A%E6%B5%B7;area=021",
        "X-S400-Menu": "welcome=1, %E4%BA%A7%E5%93%81=#",
        "X-S400-Transferred-By": "desk",
    }
    assert "X-S400-Place" not in invitation(ring, _withheld(), None).headers
    assert "X-S400-Menu" not in invitation(attrs.evolve(ring, address="02162288300"), assign, None).headers


@pytest.mark.req("R6")
@pytest.mark.parametrize(
    ("after", "reason"),
    [(None, "unconditional"), (BUSY, "user-busy"), (NO_ANSWER, "no-answer"), (UNALLOCATED, "unavailable")],
)
def test_diversion_says_why_the_call_was_forwarded(after: Cause | None, reason: str) -> None:
    """The reason of RFC 5806 follows what became of the target before."""
    assert invitation(_ring("1"), ASSIGN, after).headers["Diversion"] == f"<sip:4006001234@sw.test>;reason={reason}"


@given(st.text(max_size=40))
def test_no_display_name_breaks_out_of_its_quotes(display: str) -> None:
    """Whatever a caller calls itself, From stays one line with one quoted name."""
    caller = attrs.evolve(FACTS.caller, display=display)
    shown = invitation(_ring("1"), attrs.evolve(ASSIGN, facts=attrs.evolve(FACTS, caller=caller)), None).local_uri
    assert shown.isprintable()
    assert shown.count('"') in (0, 2)


def test_reasons_are_read_back_as_they_were_written() -> None:
    """Our own Reason header is understood, and a stranger's nonsense counts as nothing."""
    assert q850_in(f"BYE x SIP/2.0\r\nReason: {reason_of(BUSY, answered=False)}\r\n\r\n") == BUSY.q850
    assert q850_in('X\r\nReason: SIP;cause=200;text="a", Q.850 ;cause=19\r\n\r\n') == 19
    assert q850_in("X\r\nReason: Q.850;cause=999\r\n\r\n") == 0
    assert q850_in("X\r\n\r\nReason: Q.850;cause=17\r\n") == 0
    assert "completed elsewhere" in reason_of(ANSWERED_ELSEWHERE, answered=False)
    assert reason_of(NORMAL, answered=False) == reason_of(NORMAL, answered=True) == "Q.850;cause=16"
    assert reason_of(BUSY, answered=True) == "Q.850;cause=17"
    assert q850_in('X\r\nReason: SIP;cause=200;text="Call completed elsewhere"\r\n\r\n') == 26
    assert q850_in('X\r\nReason: SIP;cause=486;text="cause=200"\r\n\r\n') == 0


def _gather(most: int = 4, secret: str = "") -> DigitCollector:
    return DigitCollector(CollectDigits(CALLER, most, 5, 2, secret=secret), 0.0, after_prompt=False)


@pytest.mark.req("M2")
def test_keys_end_by_number_end_key_and_time() -> None:
    """Full, end key, no key in time, and no further key in time are told apart; the end key is not kept."""
    full, ended, silent, slow = _gather(), _gather(), _gather(), _gather()
    for key in "12345":
        full.press(key, 1.0)
    for key in "1#2":
        ended.press(key, 1.0)
    slow.press("7", 1.0)
    for gathering in (silent, slow):
        gathering.look(2.9)
        assert gathering.end is None
        gathering.look(5.0)
    assert full.outcome(9) == DigitsKeyed(9, CALLER, "1234", KeysEnd.FULL)
    assert ended.outcome(9) == DigitsKeyed(9, CALLER, "1", KeysEnd.END_KEY)
    assert silent.outcome(9) == DigitsKeyed(9, CALLER, "", KeysEnd.FIRST_TIMEOUT)
    assert slow.outcome(9) == DigitsKeyed(9, CALLER, "7", KeysEnd.INTER_TIMEOUT)


@pytest.mark.req("O5")
@settings(max_examples=20)
@given(st.text("0123456789", min_size=4, max_size=8) | st.just("4711"))
def test_the_keys_of_a_secret_never_leave(keys: str) -> None:
    """Only whether they matched comes out."""
    gathering = _gather(most=16, secret=_SECRET)
    for key in keys + "#":
        gathering.press(key, 1.0)
    assert gathering.outcome(2) == SecretKeyed(2, CALLER, keys == "4711", KeysEnd.END_KEY)


_KNOWN_FIELDS = """
    Accept Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info Authorization
    Call-ID Call-Info Contact Content-Disposition Content-Encoding Content-Language Content-Length Content-Type
    CSeq Date Encryption Error-Info Event Expires From History-Info Identity In-Reply-To Join Max-Forwards
    MIME-Version Min-Expires Min-SE Organization P-Access-Network-Info P-Asserted-Identity P-Called-Party-ID
    P-Early-Media P-Preferred-Identity Path Priority Privacy Proxy-Authenticate Proxy-Authorization
    Proxy-Require RAck Reason Record-Route Refer-Sub Refer-To Referred-By Replaces Reply-To Require
    Resource-Priority Retry-After Route RSeq Server Service-Route Session-Expires SIP-ETag SIP-If-Match Subject
    Subscription-State Supported Target-Dialog Timestamp To Unsupported User-Agent Via Warning WWW-Authenticate
"""


def _twelve_bits(name: str) -> int:
    """Bob Jenkins' one-at-a-time hash of a field's name in lower case, 12 bits of it: how libre knows fields apart."""
    value = 0
    for code in name.lower().encode():
        value = (value + code) * 1025 & 0xFFFFFFFF
        value ^= value >> 6
    value = value * 9 & 0xFFFFFFFF
    value ^= value >> 11
    return value * 32769 & 0xFFF


@pytest.mark.req("M8", "S5")
def test_no_telephone_takes_our_fields_for_others() -> None:
    """F15: baresip took S400-Number for CSeq, since its library tells fields apart by 12 bits of a hash."""
    assert _twelve_bits("S400-Number") == _twelve_bits("CSeq")
    source = Path(invitation_module.__file__).read_text(encoding="utf-8")
    ours = set(re.findall(r'"(X-S400-[A-Za-z-]+)"', source))
    assert len(ours) >= 5
    assert not {_twelve_bits(name) for name in ours} & {_twelve_bits(name) for name in _KNOWN_FIELDS.split()}
