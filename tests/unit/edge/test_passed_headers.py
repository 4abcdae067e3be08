"""Header fields that go through the switch by the trunk's policy, both ways, and those that never do."""

from ipaddress import IPv4Network

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.config.trunks import IMS_HEADERS, Gateway, Trunk
from b2bua.edge.core import Edge
from b2bua.edge.passed_headers import MOST_BYTES
from routing.ids import TrunkName
from tests.unit.edge.stage import (
    OFFER,
    SECRET,
    TARGET,
    UNKNOWN,
    Stage,
    field,
    invite,
    response_to,
)
from tests.unit.edge.test_call import outbound

OFFERED = {
    "User-to-User": "56a390f3d2b7310023a2;encoding=hex",
    "Session-ID": "ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000",
    "History-Info": "<sip:02187654321@h?Reason=SIP%3Bcause%3D302>;index=1",
    "Diversion": "<sip:02187654321@h>;reason=unconditional",
    "P-Early-Media": "supported",
    "P-Asserted-Identity": "<tel:+8613800138000>",
    "P-Charging-Vector": "icid-value=1",
    "X-Carrier": "one, two",
    "Subject": "hello",
    "Alert-Info": "<http://h/ring.wav>",
}
TELEPHONE = "203.0.113.9"


def stage_of(*names: str) -> Stage:
    """A stage whose trunk passes these fields on."""
    stage = Stage()
    trunk = Trunk(TrunkName("carrier"), (IPv4Network("192.0.2.0/24"),), pass_headers=names)
    stage.edge = Edge(stage.settings, SECRET, stage.admission, [trunk], [Gateway("gw", TARGET.host)])
    return stage


def passed_to_target(stage: Stage, host: str = TARGET.host) -> dict[str, list[str]]:
    """What an INVITE to this host has of what the caller's INVITE had."""
    stage.one(invite(extra="\n".join(f"{name}: {value}" for name, value in OFFERED.items())))
    out = stage.inside(outbound().replace(TARGET.host.encode(), host.encode()))
    return {name: field(out, name) for name, value in OFFERED.items() if value in field(out, name)}


@pytest.mark.req("S5", "M9")
def test_the_default_is_what_ims_peers_expect() -> None:
    """F28: to a gateway all of the default go on as they came, but the identity, which the process writes itself."""
    passed = passed_to_target(stage_of(*IMS_HEADERS))
    assert passed == {
        "User-to-User": [OFFERED["User-to-User"]],
        "Session-ID": [OFFERED["Session-ID"]],
        "History-Info": [OFFERED["History-Info"]],
        "Diversion": ["<sip:4006001234@192.0.2.1>;reason=unconditional", OFFERED["Diversion"]],
        "P-Early-Media": [OFFERED["P-Early-Media"]],
    }


@pytest.mark.req("S5", "M9")
def test_a_telephone_learns_no_identity() -> None:
    """RFC 3325 and RFC 7044, 10: what names people or networks stays among those who are trusted."""
    assert set(passed_to_target(stage_of(*IMS_HEADERS, "X-Carrier"), TELEPHONE)) == {
        "User-to-User", "Session-ID", "X-Carrier",
    }  # fmt: skip


@pytest.mark.req("S5")
@given(st.lists(st.sampled_from(list(OFFERED)), unique=True))
def test_what_is_not_in_the_policy_never_passes(names: list[str]) -> None:
    """Whatever the policy: nothing but its fields, in neither direction, and of the identity nothing to a target."""
    stage = stage_of(*names)
    assert set(passed_to_target(stage)) == set(names) - {"P-Asserted-Identity"}
    out = stage.inside(outbound())
    extra = "\n".join(f"{name}: {value}" for name, value in OFFERED.items())
    stage.one(response_to(out, 180, "Ringing", extra=extra), TARGET)
    into = stage.one(invite())
    back = stage.inside(response_to(into, 180, "Ringing"))
    assert {name for name in OFFERED if field(back, name)} == set(names)


@pytest.mark.req("S5")
@pytest.mark.parametrize("status", [180, 183, 200])
def test_a_targets_answer_brings_its_fields_to_the_caller(status: int) -> None:
    """RFC 5009, RFC 7989, TS 24.607: early media's state, session id, connected identity come back."""
    stage = stage_of(*IMS_HEADERS)
    into = stage.one(invite())
    out = stage.inside(outbound())
    lines = [f"{name}: {OFFERED[name]}" for name in ("P-Early-Media", "P-Asserted-Identity", "Session-ID", "Subject")]
    extra = "\n".join(["Contact: <sip:m@198.51.100.7>", *lines])
    stage.one(response_to(out, status, "-", extra=extra, body=OFFER), TARGET)
    back = stage.inside(response_to(into, status, "-"))
    assert [field(back, name) for name in ("P-Early-Media", "P-Asserted-Identity", "Session-ID")] == [
        ["supported"], ["<tel:+8613800138000>"], [OFFERED["Session-ID"]],
    ]  # fmt: skip
    assert field(back, "Subject") == []
    refused = stage.inside(response_to(into, 486, "Busy Here"))
    assert field(refused, "P-Asserted-Identity") == []


@pytest.mark.req("S5")
def test_nothing_of_one_call_reaches_the_next() -> None:
    """A new call in the same process, and a process that died, begin with nothing."""
    stage = stage_of("X-Carrier")
    assert passed_to_target(stage)
    stage.one(invite("call-2"))
    assert field(stage.inside(outbound()), "X-Carrier") == []
    passed_to_target(stage)
    stage.edge.process_died(40001, "inc1", stage.now_s)
    assert field(stage.inside(outbound()), "X-Carrier") == []


@pytest.mark.req("S5")
def test_what_passes_is_bounded_and_clean() -> None:
    """No more than 2,000 bytes a message, only UTF-8; the process never sees any of it."""
    stage = stage_of("X-A")
    long = "\n".join(f"X-A: {'y' * 500}" for _ in range(10))
    into = stage.one(invite(extra=long).replace(b"Max-Forwards", b"X-A: \xff\xfe\r\nMax-Forwards"))
    assert b"X-A" not in into.packet
    values = field(stage.inside(outbound()), "X-A")
    assert values
    assert all(value == "y" * 500 for value in values)
    assert sum(map(len, values)) <= MOST_BYTES


@pytest.mark.parametrize("name", ["Via", "from", "Contact", "Route", "Content-Type", "Authorization", "x", "a b", ""])
def test_a_field_of_each_leg_is_refused_as_a_setting(name: str) -> None:
    """What the switch writes anew for each leg cannot be passed on, whatever its spelling."""
    with pytest.raises(ValueError, match=r"passed on|no name"):
        attrs.evolve(Trunk(TrunkName("t"), ()), pass_headers=(name,))


@pytest.mark.req("S5")
def test_a_stranger_changes_nothing() -> None:
    """An INVITE that admission never saw leaves nothing behind for the next."""
    stage = stage_of("X-Carrier")
    stage.outside(invite(extra="X-Carrier: evil"), UNKNOWN)
    assert field(stage.inside(outbound()), "X-Carrier") == []
