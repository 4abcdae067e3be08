"""One SIP leg, and the account that takes inbound ones: PJSIP's callbacks note what happened, our methods act.

Rule: a callback never acts and never lets an exception out; an answer given inside `onIncomingCall` aborts the process
(docs/pjsua2.md). Who owns a leg holds it until `is_gone`, and no longer: a `Call` collected while alive sends 603 by
itself, and one collected after PJSIP has given its slot to another leg (they go round, so three legs later) takes that
leg's callbacks away.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Final, TypeVar

import pjsua2 as pj

from b2bua.callproc.cdr_builder import LegEvidence
from b2bua.callproc.endpoint import set_fax_buffer
from b2bua.callproc.invitation import without_telephone_events
from b2bua.callproc.leg_end import q850_in, reason_of
from b2bua.callproc.leg_events import Answered, AudioChanged, Broke, Keyed, LegDown, LegEvent, Lost, Rang, Way
from routing.cause import Cause
from routing.ids import CALLER, LegId

_RINGING: Final = 180
_PROGRESS: Final = 183
_OK: Final = 200
_TIMEOUT: Final = 408
_NOT_ACCEPTABLE_HERE: Final = 488
_DECLINE: Final = 603
_SDP: Final = "\r\nv=0"
"""How a session description begins in a SIP message (RFC 8866, 5.1)."""
_LONGEST_KEY_MS: Final = 60_000
"""PJSIP says a larger number where it does not know."""
_KEY_IS_OVER: Final = 2
"""PJMEDIA_STREAM_DTMF_IS_END, which the binding does not name."""
_BETWEEN_TONES_MS: Final = 50
"""ITU-T Q.24: 40 ms between two keys are understood everywhere."""
_NO_EVENTS: Final = 220107
"""PJMEDIA_RTP_EREMNORFC2833, which the binding does not name."""

P = TypeVar("P")


def noting(callback: "Callable[[Leg, P], None]") -> "Callable[[Leg, P], None]":
    """Keep an exception of this callback from reaching PJSIP, which would print it and let the call hang."""

    @wraps(callback)
    def safe(leg: "Leg", prm: P) -> None:
        try:
            callback(leg, prm)
        except Exception as fault:  # noqa: BLE001 - nothing may cross back into C
            leg.note(Broke(leg.name, f"{callback.__name__}: {fault!r}"))

    return safe


def received(prm: pj.OnCallStateParam | pj.OnCallTsxStateParam) -> str:
    """The message whose arrival caused a state change; empty if it was something else."""
    event = prm.e
    if event.type != pj.PJSIP_EVENT_TSX_STATE or event.body.tsxState.type != pj.PJSIP_EVENT_RX_MSG:
        return ""
    return event.body.tsxState.src.rdata.wholeMsg


class Account(pj.Account):
    """The one account of a process. Each INVITE becomes a leg that `came` gets with its text, from within the poll."""

    def __init__(
        self, config: pj.AccountConfig, note: Callable[[LegEvent], None], came: "Callable[[Leg, str], None]"
    ) -> None:
        super().__init__()
        self._note = note
        self._came = came
        self.create(config, True)

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802 - PJSIP's name
        """Make the leg, which takes the call slot, and note it with its INVITE."""
        try:
            leg = Leg(self, CALLER, self._note, prm.callId)
            leg.has_offer = _SDP in prm.rdata.wholeMsg
            self._came(leg, prm.rdata.wholeMsg)
        except Exception as fault:  # noqa: BLE001 - nothing may cross back into C
            self._note(Broke(CALLER, f"onIncomingCall: {fault!r}"))


class Leg(pj.Call):
    """A call as PJSIP sees it. `name` is its id within our call; `note` takes what happens to it."""

    def __init__(
        self,
        account: pj.Account,
        name: LegId,
        note: Callable[[LegEvent], None],
        call_id: int = pj.PJSUA_INVALID_ID,
    ) -> None:
        super().__init__(account, call_id)
        self.name = name
        self.note = note
        self.sip_call_id: str = self.getInfo().callIdString if call_id != pj.PJSUA_INVALID_ID else ""
        self._outbound = call_id == pj.PJSUA_INVALID_ID
        self._early_media = False
        self._rang = False
        self._ending = False
        self._is_renewed = False
        self._keys_by_info = False
        self._tones: pj.ToneGenerator | None = None
        self._cancelled_q850 = 0
        self._is_lost = False
        self.has_offer = True
        self.is_fax = False
        self.is_accepted = False
        self.is_down = False
        self.evidence: LegEvidence = {}

    def call(self, uri: str, *, local_uri: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Send INVITE to a SIP URI. Raises `pjsua2.Error` if it cannot even be sent."""
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        prm.txOption.localUri = local_uri
        _put_headers(prm, headers or {})
        self.makeCall(uri, prm)
        self.sip_call_id = self.getInfo().callIdString

    def ring(self) -> None:
        """Tell the caller that it rings (180)."""
        self._respond(_RINGING)

    def progress(self) -> None:
        """Open the caller's audio before the answer (183, RFC 3960)."""
        self._respond(_PROGRESS)

    def accept(self) -> None:
        """Answer the caller (200), once."""
        if not self.is_accepted:
            self.is_accepted = True
            self._respond(_OK)

    def end(self, cause: Cause) -> None:
        """End the leg in whatever way its state asks for: final response, CANCEL or BYE, with a Reason.

        PJSIP finishes what is still under way, such as a late 200 after CANCEL (ACK and BYE), by itself.
        """
        if self.is_down or self._is_lost:
            return
        self._ending = True
        prm = pj.CallOpParam()
        prm.statusCode = 0 if self._outbound else cause.sip  # only a final response has a status of ours
        _put_headers(prm, {"Reason": reason_of(cause, answered=self._is_confirmed())})
        self.hangup(prm)

    def renew_for_fax(self) -> None:
        """Have the audio of a fax made as a fax needs it, once, if it was made before that was known.

        The far end is offered its audio anew (re-INVITE). Should it refuse, all stays as it is.
        """
        if self._is_renewed or self.is_leaving or not self._is_confirmed():
            return
        self._is_renewed = True
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        with suppress(pj.Error):
            self.reinvite(prm)

    def notify(self, headers: Mapping[str, str], kind: str, body: str) -> None:
        """Send NOTIFY within the dialog; not where that is over or ending."""
        if self.is_leaving:
            return
        prm = pj.CallSendRequestParam()
        prm.method = "NOTIFY"
        prm.txOption.contentType, prm.txOption.msgBody = kind, body
        _put_headers(prm, headers)
        with suppress(pj.Error):
            self.sendRequest(prm)

    def audio(self) -> pj.AudioMedia | None:
        """The leg's place in the conference, or None while it has no audio."""
        if self.is_down:
            return None
        try:
            return self.getAudioMedia(-1)
        except pj.Error:
            return None

    def takes_events(self) -> bool:
        """Whether the far end takes keys as telephone-events (RFC 4733), as is agreed now."""
        try:
            self.dialDtmf("")  # asks, and sends nothing
        except pj.Error as fault:
            return fault.status != _NO_EVENTS
        return True

    def send_key(self, key: str, length_ms: int) -> bool:
        """Send a key in a way that the far end takes: as telephone-event, by INFO if its own keys came so, or as tones.

        False if it cannot be sent now: no audio goes to the far end, or too many keys wait.
        """
        audio = self.audio()
        if audio is None:
            return False
        events = self.takes_events()
        if not events and not self._keys_by_info:
            return self._sound_key(audio, key, length_ms)
        prm = pj.CallSendDtmfParam()
        prm.method = pj.PJSUA_DTMF_METHOD_RFC2833 if events else pj.PJSUA_DTMF_METHOD_SIP_INFO
        prm.digits, prm.duration = key, length_ms
        try:
            self.sendDtmf(prm)
        except pj.Error:
            return False
        return True

    def _sound_key(self, audio: pj.AudioMedia, key: str, length_ms: int) -> bool:
        """Play a key as the pair of tones that it is (ITU-T Q.23)."""
        tone = pj.ToneDigit()
        tone.digit, tone.on_msec, tone.off_msec = key, length_ms, _BETWEEN_TONES_MS
        tones = pj.ToneDigitVector()
        tones.append(tone)
        try:
            if self._tones is None:
                self._tones = pj.ToneGenerator()
                self._tones.createToneGenerator()
            self._tones.startTransmit(audio)
            self._tones.playDigits(tones)
        except pj.Error:
            return False
        return True

    def packets(self) -> int | None:
        """How many packets of audio have come; None while none is due: held, or neither answered nor with audio."""
        if self.is_leaving:
            return None
        try:
            info = self.getInfo()  # holds what `media` only points into
            if info.state == pj.PJSIP_INV_STATE_CONFIRMED and not _has_audio(info):
                return 0
            for index, media in enumerate(info.media):
                if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE and media.dir & pj.PJMEDIA_DIR_DECODING:
                    return self.getStreamStat(index).rtcp.rxStat.pkt
        except pj.Error:
            return None
        return None

    @property
    def is_leaving(self) -> bool:
        """Whether it is down, or is being ended, by us or by PJSIP itself."""
        return self.is_down or self._ending or self._is_lost

    @property
    def is_gone(self) -> bool:
        """Whether PJSIP has let go of it: not merely ended by us, but settled with the far end too."""
        if not self.is_down:
            return False
        try:
            return self.getInfo().callIdString != self.sip_call_id
        except pj.Error:
            return True

    def _is_confirmed(self) -> bool:
        return self.getInfo().state == pj.PJSIP_INV_STATE_CONFIRMED

    def _respond(self, status: int) -> None:
        if self.is_down:
            return
        prm = pj.CallOpParam()
        prm.statusCode = status
        self.answer(prm)

    @noting
    def onCallState(self, prm: pj.OnCallStateParam) -> None:  # noqa: N802 - PJSIP's name
        """Note ringing, answer and end; of a caller's leg only its end, and the ACK to a fax or to our offer."""
        if self.is_down or (not self._outbound and self.has_offer and not self.is_fax and self.isActive()):
            return
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.is_down = True
            self.note(LegDown(self.name, info.lastStatusCode, self._cancelled_q850 or q850_in(received(prm))))
        elif info.state == pj.PJSIP_INV_STATE_EARLY and self._outbound:
            early_media = self._early_media or _SDP in received(prm)
            if not self._rang or early_media != self._early_media:
                self._rang, self._early_media = True, early_media
                self.note(Rang(self.name, early_media))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED and self._outbound and _has_audio(info):
            # Without audio in common it is no answer: PJSIP hangs up by itself, and that is what is noted.
            self.note(Answered(self.name))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED and not self._outbound and not _has_audio(info):
            self.note(Lost(self.name, _NOT_ACCEPTABLE_HERE))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED and self.is_fax:
            self.note(AudioChanged(self.name))  # from now on it can be

    @noting
    def onCallTsxState(self, prm: pj.OnCallTsxStateParam) -> None:  # noqa: N802 - PJSIP's name
        """Keep why a caller cancels, and note that PJSIP says BYE by itself: its far end answers no more.

        A CANCEL is seen here only: PJSIP reports the end of the leg with its own 487.
        """
        if self.is_leaving or prm.e.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        transaction = prm.e.body.tsxState.tsx
        if transaction.role == pj.PJSIP_ROLE_UAC:
            if transaction.method == "BYE" and _has_audio(self.getInfo()):
                self._is_lost = True
                self.note(Lost(self.name, _TIMEOUT))
        elif transaction.method == "CANCEL":
            self._cancelled_q850 = q850_in(received(prm)) or self._cancelled_q850

    @noting
    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802 - PJSIP's name
        """Note that audio began, changed or ended."""
        self.note(AudioChanged(self.name))

    @noting
    def onCallSdpCreated(self, prm: pj.OnCallSdpCreatedParam) -> None:  # noqa: N802 - PJSIP's name
        """Offer no more than a fax needs."""
        if self.is_fax:
            prm.sdp.wholeSdp = without_telephone_events(prm.sdp.wholeSdp)

    @noting
    def onStreamPreCreate(self, prm: pj.OnStreamPreCreateParam) -> None:  # noqa: N802 - PJSIP's name
        """Make the audio of a fax as a fax needs it."""
        if self.is_fax:
            self._is_renewed = True
            set_fax_buffer(prm.streamInfo)

    @noting
    def onStreamDestroyed(self, prm: pj.OnStreamDestroyedParam) -> None:  # noqa: N802 - PJSIP's name
        """Keep what is known of the audio; a moment later nobody knows."""
        self.evidence = evidence_of(self, prm.streamIdx)

    @noting
    def onDtmfEvent(self, prm: pj.OnDtmfEventParam) -> None:  # noqa: N802 - PJSIP's name
        """Note a key that is pressed, held, or let go of."""
        by_info = prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO
        self._keys_by_info |= by_info
        length_ms = prm.duration if prm.duration <= _LONGEST_KEY_MS else 0
        over = by_info or bool(prm.flags & _KEY_IS_OVER)
        self.note(Keyed(self.name, prm.digit, Way.INFO if by_info else Way.EVENT, prm.timestamp, length_ms, over))

    @noting
    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:  # noqa: N802 - PJSIP's name
        """Decline a REFER, which the edge should have kept: accepted, PJSIP would call a stranger's URI by itself."""
        prm.statusCode = _DECLINE

    def _ignored(self, prm: object) -> None:
        """Take what comes twenty times a call and is of no use: without this the binding would call C++ again."""

    onCallMediaTransportState = onStreamCreated = onCreateMediaTransport = _ignored  # noqa: N815


def _has_audio(info: pj.CallInfo) -> bool:
    """Whether a leg has audio, on hold or not."""
    without = (pj.PJSUA_CALL_MEDIA_NONE, pj.PJSUA_CALL_MEDIA_ERROR)
    return any(media.status not in without for media in info.media)


def evidence_of(leg: Leg, stream: int) -> LegEvidence:
    """What the leg's audio was like (`CallRecord.evidence`); empty without audio."""
    try:
        codec = leg.getStreamInfo(stream).codecName
        rtcp = leg.getStreamStat(stream).rtcp
    except pj.Error:
        return {}
    return {
        "codec": codec,
        "sent": rtcp.txStat.pkt,
        "received": rtcp.rxStat.pkt,
        "lost": rtcp.rxStat.loss,
        "jitter_ms": round(rtcp.rxStat.jitterUsec.mean / 1000, 1),
        "far_lost": rtcp.txStat.loss,
        "far_jitter_ms": round(rtcp.txStat.jitterUsec.mean / 1000, 1),
    }


def _put_headers(prm: pj.CallOpParam | pj.CallSendRequestParam, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        prm.txOption.headers.append(header)
