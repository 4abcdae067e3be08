"""A call process: one PJSIP endpoint, one thread, one call at a time, and a link to the daemon.

Rule: a call outlives the daemon. Without a daemon a call goes on and its record is spooled at its end; without a call
and without a daemon the process ends.
"""

import os
import random
import re
import secrets
import signal
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final, NoReturn

import attrs

from b2bua.callproc.call import Call
from b2bua.callproc.endpoint import Endpoint, Setup, run_and_leave
from b2bua.callproc.ipc_client import IpcClient
from b2bua.callproc.leg import Account, Leg
from b2bua.callproc.leg_events import Broke, LegEvent, Refused
from b2bua.callproc.realtime_priority import set_realtime
from b2bua.ipc import spool
from b2bua.ipc.protocol import Assign, FromDaemon, Hello, Idle, InviteKey, Refer, Retire, Stored, Tell
from b2bua.media.paths import MediaPaths
from routing.cause import CONGESTION
from routing.document import from_plain
from routing.plan import Plan

_LISTENING_POLL_S: Final = 0.05
_RECORDING_POLL_S: Final = 0.25
"""What a crash may cost of a recording, beside what PJSIP keeps back."""
_BUSY_POLL_S: Final = 1.0
_IDLE_POLL_S: Final = 1.0
_BEAT_S: Final = 0.02
"""In a conversation audio is taken in once in this time, a packet's worth."""
_FROM_TAG = re.compile(r'^From: (?:"(?:[^"\\\r\n]|\\.)*" )?<[^<>\r\n]*>;tag=([^;\s]+)', re.MULTILINE)
"""As the edge prints From (`b2bua.edge.party.Party`): a display name may contain anything."""


class CallProcess:
    """One call process, from its first Hello to its end."""

    def __init__(self, link: Path, setup: Setup, shelves: MediaPaths) -> None:
        self._shelves = shelves
        self._spool = spool.folder_beside(link)
        self._incarnation = secrets.token_hex(8)
        self._call: Call | None = None
        self._last: Call | None = None
        self._came: deque[tuple[Leg, str]] = deque()
        self._noted: deque[LegEvent] = deque()
        self._strays: list[Leg] = []
        self._plans: dict[str, Plan] = {}
        self._terms: object = None
        self._retiring = False
        self._is_urgent = False
        self._look_at = 0.0
        self._phase_s = random.uniform(0, _BEAT_S)  # noqa: S311 - nothing depends on its being hard to guess
        self._endpoint = Endpoint(setup, self._note)
        self._account = Account(self._endpoint.account(), self._note, self._take_in)
        self._link = IpcClient(link)

    def run(self) -> int:
        """Take calls until there is nothing left to do; the exit status."""
        self._reconnect()
        self._link.flush()
        while self._call is not None or (self._link.is_up and not self._retiring):
            if self._call is None:
                self._endpoint.poll(_IDLE_POLL_S)
            elif self._call.is_talking:
                self._poll_in_step(self._call)
            else:
                self._endpoint.poll(max(0.0, self._look_at - time.monotonic()))
                if not self._is_stirred(self._call):
                    continue  # a packet of audio went by
            self._work()
        self._put_aside()
        return 0

    def _poll_in_step(self, call: Call) -> None:
        """Take in audio once a beat until something else has happened or the time has come to look.

        A beat is a packet's worth: to wake up for each packet would cost more than the packets. It is steady, so that
        as many packets come in each, and every process has its own, so that they do not all wake up at once.
        """
        while not self._is_stirred(call):
            time.sleep(_BEAT_S - (time.monotonic() + self._phase_s) % _BEAT_S)
            self._endpoint.poll(0)

    def _is_stirred(self, call: Call) -> bool:
        """Whether more than audio has moved, or the time has come to look."""
        return bool(
            call.has_notes
            or call.has_settled
            or self._noted
            or self._came
            or self._link.has_word()
            or time.monotonic() >= self._look_at
        )

    def _work(self) -> None:
        """Take in what the daemon says and what PJSIP noted, and let the call act."""
        for message in self._link.received():
            self._hear(message)
        self._welcome()
        self._pass_on()
        if self._call is not None:
            self._reconnect()
            self._call.turn(time.monotonic())
            self._set_urgency(urgent=self._call.carries_speech and not self._call.over)
            if self._call.has_audio:
                self._endpoint.start_clock()  # late, since it takes time: the caller is rung or answered first
            self._look_at = time.monotonic() + self._patience_s(self._call)
            if self._call.over:
                self._rest(self._call)
        self._link.flush()
        if self._call is None:
            self._endpoint.stop_clock()

    def _set_urgency(self, *, urgent: bool) -> None:
        if urgent != self._is_urgent:
            self._is_urgent = urgent
            set_realtime(urgent=urgent)

    def _patience_s(self, call: Call) -> float:
        """How long until the call is to be looked at though nothing came."""
        if call.has_notes:  # PJSIP called back while the call acted
            return 0.0
        most_s = _RECORDING_POLL_S if call.is_recorded else _BUSY_POLL_S
        most_s = _LISTENING_POLL_S if call.is_listening else most_s
        due = call.next_due()
        return most_s if due is None else min(most_s, max(0.0, due - time.monotonic()))

    def _reconnect(self) -> None:
        if not self._link.connect(time.monotonic()):
            return
        hello = Hello(os.getpid(), self._endpoint.sip_port, self._incarnation)
        if self._call is not None:
            hello = attrs.evolve(hello, call_id=self._call.assign.call_id, invite=self._call.assign.invite)
        self._link.send(hello)
        if self._call is not None:
            self._call.reconnected(time.monotonic())

    def _hear(self, message: FromDaemon) -> None:
        match message:
            case Assign():
                self._begin(message)
            case Stored(call_id=call_id, seq=seq):
                for call in (self._call, self._last):
                    if call is not None and call.assign.call_id == call_id:
                        call.stored_seq = max(call.stored_seq, seq)
            case Tell(call_id=call_id, event=event):
                if self._call is not None and self._call.assign.call_id == call_id:
                    self._call.tell(event)
            case Refer(call_id=call_id):
                if self._call is not None and self._call.assign.call_id == call_id:
                    self._call.refer(message)
            case Retire():
                self._retiring = True

    def _begin(self, assign: Assign) -> None:
        if self._call is not None:
            sys.stderr.write(f"call {assign.call_id} was assigned while {self._call.assign.call_id} is up\n")
            return
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever stops the daemon leaves its calls up
        if assign.plan is not None:
            self._plans[assign.plan_hash] = from_plain(assign.plan)
        terms = (assign.contact, assign.media_host, assign.codecs)
        if terms != self._terms:  # PJSIP keeps the memory of every change until the process ends
            self._terms = terms
            self._endpoint.use_codecs(assign.codecs)
            self._account.modify(self._endpoint.account(assign.contact, assign.media_host))
        self._last = None
        self._call = Call(
            assign, self._plans[assign.plan_hash], self._account, self._link, self._shelves, time.monotonic()
        )

    def _take_in(self, leg: Leg, invite: str) -> None:
        self._came.append((leg, invite))

    def _welcome(self) -> None:
        """Give each INVITE to the call that waits for it. One that nobody announced is refused."""
        while self._came:
            leg, message = self._came.popleft()
            tag = _FROM_TAG.search(message)
            key = InviteKey(leg.sip_call_id, tag[1] if tag else "")
            if self._call is not None and self._call.is_waiting and self._call.assign.invite == key:
                self._call.arrive(leg, time.monotonic())
            else:
                self._strays.append(leg)
                leg.end(CONGESTION)
        self._strays = [leg for leg in self._strays if not leg.is_gone]

    def _note(self, noted: LegEvent) -> None:
        self._noted.append(noted)

    def _pass_on(self) -> None:
        """Give what PJSIP did by itself to the call: its INVITE may have come before its assignment was read.

        A leg that no call has taken yet is passed over: `OneCall.arrive` looks how it stands.
        """
        while self._noted:
            noted = self._noted.popleft()
            if self._call is not None and isinstance(noted, Refused | Broke):
                self._call.note(noted)

    def _rest(self, call: Call) -> None:
        self._link.send(Idle(call.assign.call_id, leaves=call.is_stuck))
        self._retiring |= call.is_stuck
        self._last, self._call = call, None
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _put_aside(self) -> None:
        """Spool the last call's record if no daemon said that it has it."""
        last = self._last
        if last is None or last.cdr.latest is None or last.stored_seq >= last.cdr.latest.seq:
            return
        try:
            spool.write(self._spool, last.cdr.latest)
        except OSError as fault:
            sys.stderr.write(f"the record of call {last.assign.call_id} cannot be spooled: {fault}\n")


def be_a_call_process(link: Path, setup: Setup, shelves: MediaPaths) -> NoReturn:
    """What a forked child does."""
    os.umask(0o077)  # recordings and messages are their owner's
    run_and_leave(lambda: CallProcess(link, setup, shelves).run())
