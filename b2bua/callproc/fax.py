"""What a fax needs of its legs: a jitter buffer that never moves, so that no sample is left out or put in (M6).

Rule: PJSIP's usual buffer is as short as the line lets it be, and slips 10 ms whenever that changes. A modem hears each
slip as an error; it does not mind a constant delay.
"""

import re
from functools import cache
from typing import Any, Final

import pjsua2 as pj

_DELAY_MS: Final = 100
"""What a packet may be late by."""
_MOST_MS: Final = 300
"""A line whose clock is 100 ppm fast fills this up in half an hour."""


def make_steady(stream: Any) -> None:
    """Give a stream that is about to be made (`pjsua2.StreamInfo`) a buffer of constant length."""
    stream.jbInit = stream.jbMinPre = stream.jbMaxPre = _DELAY_MS
    stream.jbMax = _MOST_MS
    stream.jbDiscardAlgo = _never().medConfig.jbDiscardAlgo


def without_events(sdp: str) -> str:
    """A session description that takes no telephone-events: a gateway must not make events of a modem's tones.

    It is also by this that PJSIP sees that something has changed, and makes the audio of a call again.
    """
    for payload in re.findall(r"^a=rtpmap:(\d+) telephone-event/", sdp, re.MULTILINE):
        sdp = re.sub(rf"^a=(?:rtpmap|fmtp):{payload} .*\r?\n", "", sdp, flags=re.MULTILINE)
        sdp = re.sub(rf"^(m=audio .*?) {payload}\b", r"\1", sdp, flags=re.MULTILINE)
    return sdp


@cache
def _never() -> Any:
    """A configuration that says never to shorten the buffer: the binding names no such value, but reads it as JSON."""
    usual, changed, config = pj.JsonDocument(), pj.JsonDocument(), pj.EpConfig()
    usual.writeObject(config)
    changed.loadString(re.sub(r'("jbDiscardAlgo":\s*)\d', r"\g<1>0", usual.saveString()))
    changed.readObject(config)
    return config
