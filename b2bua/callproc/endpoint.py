"""PJSIP as this house runs it: one thread, polled by hand, G.711, IP literals only, a clock without a sound card.

Rule: everything that touches PJSIP happens in the thread that made this object, between two polls. PJSIP's worker
threads and Python's collector do not go together: the wheel dies of it (docs/pjsua2.md).
"""

import os
import re
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from math import ceil
from typing import Final, NoReturn

import attrs
import pjsua2 as pj

from b2bua.callproc.leg_events import LegEvent, Refused
from b2bua.callproc.realtime_priority import at_realtime_priority

CLOCK_RATE_HZ: Final = 8000
TELEPHONE_CODECS: Final = ("PCMA", "PCMU")
_CODEC_IDS: Final = {"PCMA": "PCMA/8000/1", "PCMU": "PCMU/8000/1", "G722": "G722/16000/1"}
_NEVER: Final = 0
_MOST: Final = 250
_FAX_DELAY_MS: Final = 100
"""What a packet of a fax may be late by."""
_FAX_BUFFER_MS: Final = 300
"""The longest that a fax's buffer grows: a line whose clock is 100 ppm fast takes half an hour for that."""
_SESSION_EXPIRES_S: Final = 1800
_LEAST_SESSION_EXPIRES_S: Final = 90

_immortal: Final[list["Endpoint"]] = []
"""An endpoint that is collected takes PJSIP down under the legs that are still there: abort."""


@attrs.frozen
class Setup:
    """How one process's PJSIP is started.

    SIP is taken on `sip_host:sip_port` (0: any free port). `proxy` is the edge's `host:port`, through which every
    request of ours goes; empty for a telephone of its own. `media_host` is the IPv4 address for RTP, which uses
    `rtp_ports` ports from `rtp_port` on (0: any free ports).
    """

    sip_host: str = "127.0.0.1"
    sip_port: int = 0
    proxy: str = ""
    media_host: str = "127.0.0.1"
    rtp_port: int = 0
    rtp_ports: int = 0
    user_agent: str = "switch400"


def leave(status: int) -> NoReturn:
    """End the process here and now. PJSIP's own shutdown waits a second, and aborts if a leg is still up."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def run_and_leave(program: Callable[[], int]) -> NoReturn:
    """Run the main function of a process that uses PJSIP, and end with its status, whatever happens in it."""
    try:
        status = program()
    except BaseException:  # noqa: BLE001 - unwinding further would abort in PJSIP's destructors
        traceback.print_exc()
        status = 70
    leave(status)


def until_stopped() -> Callable[[], bool]:
    """Take SIGINT and SIGTERM as a wish to stop: from then on, what is returned here returns True."""
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return lambda: stopped


def use_codecs(names: tuple[str, ...]) -> None:
    """The same for whoever has no hold of the endpoint: there is one in a process."""
    endpoint = pj.Endpoint.instance()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, _NEVER)
    for order, name in enumerate(names):
        if name in _CODEC_IDS:
            endpoint.codecSetPriority(_CODEC_IDS[name], _MOST - order)


@contextmanager
def _quiet_stdout() -> Iterator[None]:
    # Until `libInit` has set the level, PJSIP prints to the file behind stdout.
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _is_ours(host: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
        return True


class _Log(pj.LogWriter):
    """PJSIP's warnings on stderr. At level 2 it names no header and no body, so nothing secret can be in it."""

    def write(self, entry: pj.LogEntry) -> None:
        """Print one line; a closed stderr (the daemon is gone) must not end the call."""
        try:
            sys.stderr.write(f"pjsip: {entry.msg.rstrip()}\n")
        except (OSError, ValueError):
            return


class _Refusing(pj.Endpoint):
    """PJSIP's own refusals, noted: an INVITE without a common codec never becomes a leg."""

    def __init__(self, note: Callable[[LegEvent], None]) -> None:
        super().__init__()
        self._note = note

    def onRejectedIncomingCall(self, prm: pj.OnRejectedIncomingCallParam) -> None:  # noqa: N802 - PJSIP's name
        """Note the status that PJSIP answered by itself."""
        self._note(Refused(prm.statusCode))


class Endpoint:
    """The one PJSIP endpoint of this process, started. A second one in the same process would end it.

    Raises OSError if its SIP port cannot be had.
    """

    def __init__(self, setup: Setup, note: Callable[[LegEvent], None]) -> None:
        self.setup = setup
        self._ticks = False
        self._log = _Log()  # PJSIP keeps no reference of its own
        self._pj = _Refusing(note)
        _immortal.append(self)
        with _quiet_stdout():
            self._pj.libCreate()
            self._pj.libInit(self._config())
        transport = pj.TransportConfig()
        transport.boundAddress = setup.sip_host
        transport.port = setup.sip_port
        try:
            self._transport = self._pj.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        except pj.Error as fault:
            where = f"{setup.sip_host}:{setup.sip_port}"
            raise OSError(f"cannot take SIP on {where}: {fault.reason}") from fault
        self._pj.libStart()
        self._pj.audDevManager().setNoDev()  # or the first leg would look for a sound card
        self.use_codecs(TELEPHONE_CODECS)

    @property
    def sip_port(self) -> int:
        """The UDP port on which this process takes SIP."""
        name = self._pj.transportGetInfo(self._transport).localName
        return int(name.rpartition(":")[2])

    def poll(self, most_s: float) -> None:
        """Let PJSIP work until something has happened, at most `most_s` seconds and a millisecond more.

        PJSIP takes whole milliseconds: less than is wanted would have the caller come back at once, and again.
        """
        self._pj.libHandleEvents(ceil(most_s * 1000))

    def use_codecs(self, names: tuple[str, ...]) -> None:
        """Offer and accept only these codecs, in this order. A name not known here is left out."""
        use_codecs(names)

    def start_clock(self) -> None:
        """Run the clock that moves audio, if it does not run.

        Conference ports are freed by it (docs/pjsua2.md): those of a call that is over when the next one starts it.
        """
        if not self._ticks:
            self._ticks = True
            with at_realtime_priority():
                self._pj.audDevManager().setNullDev()

    def stop_clock(self) -> None:
        """Stop the clock, so that a process without a call costs nothing. Takes up to 20 ms."""
        if self._ticks:
            self._ticks = False
            self._pj.audDevManager().setNoDev()

    def account(self, contact: str = "", media_host: str = "") -> pj.AccountConfig:
        """An AccountConfig for calls on this endpoint.

        `contact` is the SIP URI that both far ends see as ours, `media_host` the address for RTP if not the set-up's.
        """
        media_host = media_host or self.setup.media_host
        config = pj.AccountConfig()
        config.idUri = f"sip:{self.setup.user_agent}@{self.setup.sip_host}:{self.sip_port}"
        if self.setup.proxy:
            config.sipConfig.proxies.append(f"sip:{self.setup.proxy};lr")
        if contact:
            config.sipConfig.contactForced = f"<{contact}>"
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_OPTIONAL
        config.callConfig.timerSessExpiresSec = _SESSION_EXPIRES_S
        config.callConfig.timerMinSESec = _LEAST_SESSION_EXPIRES_S
        # A far end that answers with two codecs may send either, and PJSIP hears the first one only: it is offered
        # that one alone, by a re-INVITE (RFC 3264, 10.2).
        config.mediaConfig.lockCodecEnabled = True
        config.mediaConfig.streamKaEnabled = False
        # An address of this machine is bound; behind a NAT the public one can only be announced.
        if _is_ours(media_host):
            config.mediaConfig.transportConfig.boundAddress = media_host
        else:
            config.mediaConfig.transportConfig.publicAddress = media_host
        config.mediaConfig.transportConfig.port = self.setup.rtp_port
        config.mediaConfig.transportConfig.portRange = self.setup.rtp_ports
        config.natConfig.iceEnabled = False
        config.natConfig.contactRewriteUse = 0
        config.natConfig.viaRewriteUse = 0
        config.natConfig.sdpNatRewriteUse = 0
        config.natConfig.sipOutboundUse = 0
        return config

    def _config(self) -> pj.EpConfig:
        config = pj.EpConfig()
        config.logConfig.level = 2
        config.logConfig.consoleLevel = 0
        config.logConfig.msgLogging = 0
        config.logConfig.writer = self._log
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.userAgent = self.setup.user_agent
        config.uaConfig.mwiUnsolicitedEnabled = False
        media = config.medConfig
        media.hasIoqueue = False
        media.threadCnt = 0
        media.clockRate = CLOCK_RATE_HZ
        media.sndClockRate = CLOCK_RATE_HZ
        media.noVad = True  # RTP all the time, so that the far end never takes us for dead
        media.ecTailLen = 0
        media.sndAutoCloseTime = -1
        return config


def set_fax_buffer(stream: pj.StreamInfo) -> None:
    """Give the stream of a fax, which is about to be made, a jitter buffer of constant length (M6).

    PJSIP's usual buffer is as short as the line lets it be, and slips 10 ms whenever that changes. A modem hears each
    slip as an error; it does not mind a constant delay.
    """
    stream.jbInit = stream.jbMinPre = stream.jbMaxPre = _FAX_DELAY_MS
    stream.jbMax = _FAX_BUFFER_MS
    stream.jbDiscardAlgo = _never_discarding().medConfig.jbDiscardAlgo


@cache
def _never_discarding() -> pj.EpConfig:
    """A configuration that never shortens the buffer: the binding names no such value, but reads it as JSON."""
    usual, changed, config = pj.JsonDocument(), pj.JsonDocument(), pj.EpConfig()
    usual.writeObject(config)
    changed.loadString(re.sub(r'("jbDiscardAlgo":\s*)\d', r"\g<1>0", usual.saveString()))
    changed.readObject(config)
    return config
