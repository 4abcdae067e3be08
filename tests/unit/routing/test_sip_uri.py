"""The one grammar of SIP URIs: what a plan may name is what the edge can reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.edge.forward import next_hop
from b2bua.edge.grammar import parse_uri
from routing.document.faults import Wrong
from routing.document.scalars import address
from routing.sip_uri import is_dialable


@pytest.mark.req("R5")
@pytest.mark.parametrize(
    "text",
    ["sip:a@10.0.0", "sip:a@10.0.0.256", "sip:a@10.0.0.01", "sip:a@h;transport=ws", "sip:a@h;transport=tls",
     "sip:a@h:0",
     "sip:a@h:65536", "sips:a@h", "sip:a%4@h", "sip:a@[2001:db8::1]", "sip:a@-h", "sip:a@h..i", "sip:", "sip:@h",
     "sip:a@h?Subject=x", "sip:a:secret@h", "sip:a b@h", f"sip:{'a' * 240}@h", "sip:a@1234", "sip:张@h"],
)  # fmt: skip
def test_what_could_never_be_called_is_no_target(text: str) -> None:
    """R5: no such URI is accepted in a plan; before, `check` passed some and each call to them failed (F24)."""
    assert not is_dialable(text)
    with pytest.raises(Wrong):
        address(text)


@pytest.mark.req("R5")
@pytest.mark.parametrize(
    "text",
    ["sip:a@10.0.0.1", "sip:8001@pbx.example:5070;transport=tcp", "sip:h", "sip:a@pbx_dev", "sip:+8621;ext=1@h.",
     "SIP:a%20b@h;user=phone", "sip:a@h;transport=UDP"],
)  # fmt: skip
def test_what_can_be_called_is_a_target(text: str) -> None:
    """R5: the usual spellings, with RFC 3261's escapes and parameters."""
    assert address(text) == text
    next_hop(parse_uri(text))


@pytest.mark.req("R5")
@given(
    st.from_regex(
        r"\Asips?:([a-z0-9%&=+$,;?/.-]{1,8}@)?[a-z0-9._\[\]:-]{1,20}(:[0-9]{1,5})?(;[a-z]{1,9}=[a-z]{1,4})?\Z"
    )
)
def test_whatever_a_plan_may_name_the_edge_can_reach(text: str) -> None:
    """No URI passes the check of a plan that the edge then cannot read or send to."""
    if is_dialable(text):
        host, transport = next_hop(parse_uri(text))
        assert host.host
        assert transport in ("udp", "tcp")
