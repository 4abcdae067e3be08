"""A telephone for tests: answers, is busy, never answers or rejects, and says what it heard.

Rule: up to three calls at once (a process of PJSIP holds four legs), and any number one after another.
"""

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import attrs

from b2bua.callproc.endpoint import Endpoint, Setup
from b2bua.callproc.leg import Account, Leg
from b2bua.callproc.leg_events import AudioChanged, Keyed, LegDown, LegEvent, Refused
from b2bua.callproc.listening import Listening
from routing.cause import BUSY, NORMAL, from_sip
from routing.ids import LegId

_POLL_S: Final = 0.02
_DRAIN_S: Final = 0.3
_MOST_CALLS: Final = 3


class Behaviour(StrEnum):
    """What the telephone does with a call."""

    ANSWER = "answer"
    BUSY = "busy"
    NEVER = "never"
    REJECT = "reject"


@attrs.frozen
class PhoneSetup:
    """A test telephone on `host:port` (0: any free port).

    It rings at once and answers after `answer_after_s` (≥ 0); `reject_status` (400–699) is for REJECT. It plays a tone
    of `tone_hz` (0: none) and with `echo` sends back what it hears; with `early_media` it does so while it rings
    (183). It hangs up after `talk_s` (0: never).
    """

    host: str = "127.0.0.1"
    port: int = 0
    behaviour: Behaviour = Behaviour.ANSWER
    reject_status: int = 480
    answer_after_s: float = 0.0
    tone_hz: int = 440
    echo: bool = False
    talk_s: float = 0.0
    early_media: bool = False


@attrs.define
class _Ringing:
    """One call at the telephone: when to answer it, when to hang up, and what it hears."""

    leg: Leg
    caller: str
    listening: Listening
    answer_at: float | None
    hang_up_at: float | None = None
    answered_at: float | None = None


class Phone:
    """The telephone. `say` gets one line for each thing that happens."""

    def __init__(self, setup: PhoneSetup, say: Callable[[str], None]) -> None:
        self._setup = setup
        self._say = say
        self._noted: deque[LegEvent] = deque()
        self._came: deque[Leg] = deque()
        self._calls: list[_Ringing] = []
        self._gone: list[Leg] = []
        self._endpoint = Endpoint(
            Setup(setup.host, setup.port, media_host=setup.host, user_agent="switch400-phone"),
            self._noted.append,
        )
        self._endpoint.start_clock()
        self._account = Account(self._endpoint.account(), self._noted.append, lambda leg, _: self._came.append(leg))

    @property
    def port(self) -> int:
        """The UDP port on which it takes calls."""
        return self._endpoint.sip_port

    def run(self, over: Callable[[], bool]) -> None:
        """Take calls until `over()`; then hang up what is left."""
        while not over():
            self._turn()
        for call in self._calls:
            call.leg.end(NORMAL)
        until = time.monotonic() + _DRAIN_S
        while time.monotonic() < until:
            self._turn()

    def _turn(self) -> None:
        self._endpoint.poll(_POLL_S)
        while self._came:
            self._begin(self._came.popleft())
        while self._noted:
            self._take(self._noted.popleft())
        now = time.monotonic()
        for call in self._calls:
            if call.answer_at is not None and call.answer_at <= now:
                call.answer_at, call.answered_at = None, now
                call.hang_up_at = now + self._setup.talk_s if self._setup.talk_s else None
                call.leg.accept()
                self._say(f"answered {call.caller}")
            if call.hang_up_at is not None and call.hang_up_at <= now:
                call.hang_up_at = None
                call.leg.end(NORMAL)
        self._gone = [leg for leg in self._gone if not leg.is_gone]

    def _begin(self, leg: Leg) -> None:
        caller = leg.getInfo().remoteUri
        setup = self._setup
        rings = setup.behaviour in {Behaviour.ANSWER, Behaviour.NEVER} and len(self._calls) < _MOST_CALLS
        answers = rings and setup.behaviour is Behaviour.ANSWER
        leg.name = LegId(max((call.leg.name for call in self._calls), default=leg.name) + 1)
        call = _Ringing(
            leg,
            caller,
            Listening(setup.tone_hz, echo=setup.echo),
            time.monotonic() + setup.answer_after_s if answers else None,
        )
        self._calls.append(call)
        self._say(f"call from {caller}")
        if rings and setup.early_media:
            leg.progress()
        elif rings:
            leg.ring()
        elif setup.behaviour is Behaviour.REJECT:
            leg.end(from_sip(setup.reject_status, None))
        else:
            leg.end(BUSY)

    def _take(self, noted: LegEvent) -> None:
        call = None if isinstance(noted, Refused) else self._call_of(noted.leg)
        if call is None:
            return
        if isinstance(noted, AudioChanged):
            call.listening.attach(call.leg)
        elif isinstance(noted, Keyed):
            self._say(f"key {noted.key} from {call.caller}")
        elif isinstance(noted, LegDown):
            self._end(call, noted)

    def _call_of(self, name: LegId) -> _Ringing | None:
        return next((call for call in self._calls if call.leg.name == name), None)

    def _end(self, call: _Ringing, down: LegDown) -> None:
        self._calls.remove(call)
        self._gone.append(call.leg)
        heard = call.listening.close(self._endpoint.poll)
        talked_s = time.monotonic() - call.answered_at if call.answered_at is not None else 0.0
        tone = f"heard {heard.tone.hz} Hz" if heard.tone else "heard no tone"
        self._say(f"ended {call.caller} status {down.status} after {talked_s:.1f} s, {tone}")
