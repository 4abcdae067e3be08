"""Signalling as a person sees it: readable, each message at its leg, and no secret in it."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.edge.sip_capture import CapturedMessages
from b2bua.edge.sip_masking import masked, masked_messages
from tests.support.samples import ended_record

HIDDEN = "5ecre7"
HEAD = "INVITE sip:4006001234@192.0.2.1 SIP/2.0\r\nCall-ID: c\r\n"
INFO = "INFO sip:4006001234@192.0.2.1 SIP/2.0\r\nContent-Type: {}\r\n\r\n"


@pytest.mark.req("T4")
@pytest.mark.parametrize(
    ("message", "stays"),
    [
        (HEAD + f'Authorization: Digest username="u", nonce="n0", response="{HIDDEN}", qop=auth\r\n\r\n', 'nonce="n0"'),
        (HEAD + f"proxy-authorization : digest nonce=n0,response={HIDDEN}\r\n\r\n", "nonce=n0"),
        (HEAD + f'Authorization: Digest nonce="n0",\r\n response="{HIDDEN}"\r\n\r\n', 'nonce="n0"'),
        (HEAD + f"Authorization: Basic {HIDDEN}\r\n\r\n", "Basic …"),
        (HEAD + f'Authentication-Info: rspauth="{HIDDEN}", nc=1\r\n\r\n', "nc=1"),
        (HEAD + f"Contact: <sip:user:{HIDDEN}@192.0.2.9>\r\n\r\n", "sip:user:…@192.0.2.9"),
        (HEAD + "\r\nv=0\r\na=crypto:1 AES_CM_128 inline:" + HIDDEN, "a=crypto:1 AES_CM_128 …"),
        (INFO.format("application/dtmf-relay") + f"Signal={HIDDEN}\r\nDuration=160\r\n", "Signal=…"),
        (INFO.format("application/dtmf") + HIDDEN, "application/dtmf"),
        (INFO.format("text/plain") + f"pin: {HIDDEN}", "pin:…"),
        (HEAD + f'\r\n<kpml-response digits="{HIDDEN}"/>', "kpml-response"),
    ],
)
def test_secrets_are_masked_and_the_rest_stays(message: str, stays: str) -> None:
    """Each kind of secret is gone, what stands beside it is still there to be read."""
    shown = masked(message.encode())
    assert HIDDEN not in shown
    assert stays in shown


@pytest.mark.req("T4")
def test_our_tokens_cannot_be_used_by_who_reads_them() -> None:
    """Contact and branch name the process, but not the MAC with which one could hang up for it."""
    mac = "0123456789abcdef0123"
    branch = f"z9hG4bKinc1.9c41.{mac}.z9hG4bKown"
    shown = masked(f"{HEAD}Via: SIP/2.0/UDP h;branch={branch}\r\nContact: <sip:inc1.9c41.{mac}@h>\r\n\r\n".encode())
    assert mac not in shown
    assert "<sip:inc1.9c41.…@h>" in shown


@given(st.binary(max_size=300), st.sampled_from([b"", HEAD.encode(), INFO.format("x").encode()]))
def test_any_bytes_can_be_shown(tail: bytes, head: bytes) -> None:
    """Masking never fails, and shows nothing of the body of an INFO but names."""
    shown = masked(head + tail)
    if head.startswith(b"INFO"):
        assert not any(letter.isdigit() for letter in shown.partition("\n\n")[2].partition("…")[2])


@given(st.from_regex(r"[0-9A-D*#]{4,12}", fullmatch=True), st.sampled_from(["\r\n", "\n"]), st.sampled_from("=:"))
def test_keys_in_info_never_show(keys: str, end: str, sign: str) -> None:
    """Whatever a phone writes around them, a caller's keys are not in what is shown."""
    body = end.join((f"Signal{sign}{keys}", f"Signal {sign} {keys}", keys, f"  {keys} "))
    assert keys not in masked((INFO.format("application/dtmf-relay") + body).encode()).partition("\n\n")[2]


def test_each_message_is_at_its_leg() -> None:
    """The caller's Call-ID is leg 0, an attempt's that attempt's leg; what fits nowhere says so."""
    captured = CapturedMessages("c-1")
    for call_id in ("c-1@192.0.2.1", "out-2", "other"):
        captured.keep(ours=True, packet=f"BYE sip:x SIP/2.0\r\nCall-ID:  {call_id}\r\n\r\n".encode())
    captured.keep(ours=False, packet=b"\xff")
    record = ended_record()
    record = attrs.evolve(record, attempts=(record.attempts[0], attrs.evolve(record.attempts[1], sip_call_id="out-2")))
    assert [message["leg"] for message in masked_messages(captured, record)] == [0, 2, -1, -1]
