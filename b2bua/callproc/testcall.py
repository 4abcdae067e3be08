"""A test call (N8) as the carrier would place it: dial, send a tone, and see whether a tone comes back.

Rule: what it reports is what the caller's side saw and heard, nothing that the switch says of itself.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

import attrs
import pjsua2 as pj

from b2bua.callproc.endpoint import Endpoint, Setup
from b2bua.callproc.leg import Account, Leg
from b2bua.callproc.leg_events import Answered, AudioChanged, LegDown, LegEvent, Rang
from b2bua.callproc.listening import Heard, Listening
from routing.cause import NORMAL
from routing.ids import CALLER

_POLL_S: Final = 0.02
_DRAIN_S: Final = 1.0
_KEY_GAP_S: Final = 0.3


@attrs.frozen
class TestCallSetup:
    """Whom to call, as whom, and how long to talk.

    `to` is the switch's `host:port`. `talk_s` runs from the answer, `wait_s` is the longest wait for it. `keys` are
    pressed one after another (RFC 4733) once there is audio.
    """

    __test__ = False  # not a test case, whatever pytest makes of its name

    number: str
    caller: str
    to: str = "127.0.0.1:5060"
    talk_s: float = 3.0
    wait_s: float = 120.0
    tone_hz: int = 1004
    keys: str = ""
    host: str = "127.0.0.1"


@attrs.frozen
class TestCall:
    """How a test call went. Times are milliseconds from the INVITE; `status` is the last SIP status of the call."""

    __test__ = False

    sip_call_id: str
    ringing_ms: float | None = None
    early_media: bool = False
    answered_ms: float | None = None
    ended_ms: float = 0.0
    status: int = 0
    q850: int = 0
    sent_hz: int = 0
    heard_hz: int | None = None
    own_back: bool = False

    @property
    def fault(self) -> str:
        """What kept it from being good, empty if nothing did."""
        if self.answered_ms is None:
            return f"never answered, status {self.status}"
        return "" if self.heard_hz is not None or self.own_back else "answered, but no tone came back"


class _Placing:
    """The one call of `place`, while it lasts."""

    def __init__(self, setup: TestCallSetup, say: Callable[[str], None]) -> None:
        self.setup = setup
        self._say = say
        self._noted: deque[LegEvent] = deque()
        self._endpoint = Endpoint(
            Setup(setup.host, media_host=setup.host, user_agent="switch400-test-call"), self._noted.append
        )
        self._endpoint.start_clock()
        self._account = Account(self._endpoint.account(), self._noted.append, lambda leg, _: None)
        self._listening = Listening(setup.tone_hz)
        self._leg = Leg(self._account, CALLER, self._noted.append)
        self._keys = list(setup.keys)
        self._key_at: float | None = None
        self._began = time.monotonic()
        self._hang_up_at = self._began + setup.wait_s
        self._heard = Heard(None)
        self._listened = False
        self.result = TestCall("")

    def dial(self) -> None:
        """Send the INVITE."""
        setup = self.setup
        self._began = time.monotonic()
        self._leg.call(f"sip:{setup.number}@{setup.to}", local_uri=f"<sip:{setup.caller}@{setup.host}>")
        self.result = TestCall(self._leg.sip_call_id, sent_hz=setup.tone_hz)
        self._say(f"calling {setup.number} at {setup.to} from {setup.caller}")

    def turn(self, *, stop: bool) -> bool:
        """Go on for a moment; False when the call is over. With `stop` it is hung up now."""
        self._endpoint.poll(_POLL_S)
        while self._noted:
            self._take(self._noted.popleft())
        now = time.monotonic()
        if (stop or now >= self._hang_up_at) and not self._leg.is_down:
            self._listen()
            self._leg.end(NORMAL)
        elif self._keys and self._key_at is not None and now >= self._key_at:
            self._key_at = now + _KEY_GAP_S
            self._leg.dialDtmf(self._keys.pop(0))
        return not self._leg.is_down or bool(self._noted)

    def close(self) -> TestCall:
        """Wait until the far end has settled the end of the call, and say how it went."""
        self._listen()
        until = time.monotonic() + _DRAIN_S
        while time.monotonic() < until and not self._leg.is_gone:
            self._endpoint.poll(_POLL_S)
        tone = self._heard.tone
        return attrs.evolve(self.result, heard_hz=tone.hz if tone else None, own_back=self._heard.own)

    def _listen(self) -> None:
        if self._listened:
            return
        self._listened = True
        self._heard = self._listening.close(self._endpoint.poll)
        if self._heard.tone is not None:
            self._say(f"tone heard: {self._heard.tone.hz} Hz")
        if self._heard.own:
            self._say(f"our own tone came back: {self.setup.tone_hz} Hz")

    def _take(self, noted: LegEvent) -> None:
        ms = round((time.monotonic() - self._began) * 1000, 1)
        if isinstance(noted, Rang):
            early = self.result.early_media or noted.early_media
            self.result = attrs.evolve(self.result, early_media=early, ringing_ms=self.result.ringing_ms or ms)
            self._say(f"{'early media' if noted.early_media else 'ringing'} after {ms} ms")
        elif isinstance(noted, Answered):
            self.result = attrs.evolve(self.result, answered_ms=ms)
            self._hang_up_at = time.monotonic() + self.setup.talk_s
            self._say(f"answered after {ms} ms")
        elif isinstance(noted, AudioChanged):
            self._listening.attach(self._leg)
            if self._key_at is None:
                self._key_at = time.monotonic() + _KEY_GAP_S
        elif isinstance(noted, LegDown):
            self.result = attrs.evolve(self.result, ended_ms=ms, status=noted.status, q850=noted.q850)
            self._say(f"ended after {ms} ms: status {noted.status}")


def place(setup: TestCallSetup, say: Callable[[str], None], over: Callable[[], bool] = lambda: False) -> TestCall:
    """Place a test call and wait for its end; `over` ends it early. `say` gets a line for each step.

    Raises OSError if SIP cannot be taken or the far end's address cannot be dialled.
    """
    placing = _Placing(setup, say)
    try:
        placing.dial()
    except pj.Error as fault:
        raise OSError(f"cannot call {setup.number} at {setup.to}: {fault.reason}") from fault
    while placing.turn(stop=over()):
        pass
    return placing.close()
