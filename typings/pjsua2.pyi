"""The part of pjsua2 that `b2bua.callproc` uses, as the wheel pjsua2-python 2.15.1.post1 has it.

Rule: nothing stands here that the code does not use; names and types are the wheel's (its SWIG proxy classes), with
what C++ gives back by reference shown as a plain attribute. For type checkers only: never shipped, never run.
"""

from collections.abc import Sequence

PJSIP_TRANSPORT_UDP: int
PJSIP_INV_STATE_EARLY: int
PJSIP_INV_STATE_CONFIRMED: int
PJSIP_INV_STATE_DISCONNECTED: int
PJSIP_ROLE_UAC: int
PJSIP_EVENT_TSX_STATE: int
PJSIP_EVENT_RX_MSG: int
PJSUA_INVALID_ID: int
PJSUA_CALL_MEDIA_NONE: int
PJSUA_CALL_MEDIA_ERROR: int
PJSUA_CALL_MEDIA_ACTIVE: int
PJSUA_SIP_TIMER_OPTIONAL: int
PJMEDIA_DIR_DECODING: int
PJMEDIA_FILE_NO_LOOP: int
PJSUA_DTMF_METHOD_RFC2833: int
PJSUA_DTMF_METHOD_SIP_INFO: int

class Error(Exception):
    status: int
    reason: str

# Endpoint

class LogEntry:
    msg: str

class LogWriter:
    def __init__(self) -> None: ...
    def write(self, entry: LogEntry) -> None: ...

class LogConfig:
    level: int
    consoleLevel: int
    msgLogging: int
    writer: LogWriter

class UaConfig:
    threadCnt: int
    mainThreadOnly: bool
    userAgent: str
    mwiUnsolicitedEnabled: bool

class MediaConfig:
    hasIoqueue: bool
    threadCnt: int
    clockRate: int
    sndClockRate: int
    noVad: bool
    ecTailLen: int
    sndAutoCloseTime: int
    jbDiscardAlgo: int

class EpConfig:
    logConfig: LogConfig
    uaConfig: UaConfig
    medConfig: MediaConfig

class JsonDocument:
    def writeObject(self, obj: EpConfig) -> None: ...
    def readObject(self, obj: EpConfig) -> None: ...
    def saveString(self) -> str: ...
    def loadString(self, input: str) -> None: ...

class TransportConfig:
    port: int
    portRange: int
    boundAddress: str
    publicAddress: str

class TransportInfo:
    localName: str

class CodecInfo:
    codecId: str

class AudDevManager:
    def setNullDev(self) -> None: ...
    def setNoDev(self) -> None: ...

class OnRejectedIncomingCallParam:
    statusCode: int

class Endpoint:
    def __init__(self) -> None: ...
    @staticmethod
    def instance() -> Endpoint: ...
    def libCreate(self) -> None: ...
    def libInit(self, prmEpConfig: EpConfig) -> None: ...
    def libStart(self) -> None: ...
    def libHandleEvents(self, msec_timeout: int) -> int: ...
    def transportCreate(self, type: int, cfg: TransportConfig) -> int: ...
    def transportGetInfo(self, id: int) -> TransportInfo: ...
    def audDevManager(self) -> AudDevManager: ...
    def codecEnum2(self) -> Sequence[CodecInfo]: ...
    def codecSetPriority(self, codec_id: str, priority: int) -> None: ...
    def onRejectedIncomingCall(self, prm: OnRejectedIncomingCallParam) -> None: ...

# Account

class StringVector:
    def append(self, x: str) -> None: ...

class AccountSipConfig:
    proxies: StringVector
    contactForced: str

class AccountCallConfig:
    timerUse: int
    timerSessExpiresSec: int
    timerMinSESec: int

class AccountMediaConfig:
    lockCodecEnabled: bool
    streamKaEnabled: bool
    transportConfig: TransportConfig

class AccountNatConfig:
    iceEnabled: bool
    contactRewriteUse: int
    viaRewriteUse: int
    sdpNatRewriteUse: int
    sipOutboundUse: int

class AccountConfig:
    idUri: str
    sipConfig: AccountSipConfig
    callConfig: AccountCallConfig
    mediaConfig: AccountMediaConfig
    natConfig: AccountNatConfig

class SipRxData:
    wholeMsg: str

class OnIncomingCallParam:
    callId: int
    rdata: SipRxData

class Account:
    def __init__(self) -> None: ...
    def create(self, cfg: AccountConfig, make_default: bool = False) -> None: ...
    def modify(self, cfg: AccountConfig) -> None: ...
    def onIncomingCall(self, prm: OnIncomingCallParam) -> None: ...

# Call

class SipHeader:
    hName: str
    hValue: str

class SipHeaderVector:
    def append(self, x: SipHeader) -> None: ...

class SipTxOption:
    localUri: str
    headers: SipHeaderVector
    contentType: str
    msgBody: str

class CallSetting:
    videoCount: int

class CallOpParam:
    opt: CallSetting
    statusCode: int
    txOption: SipTxOption
    def __init__(self, useDefaultCallSetting: bool = False) -> None: ...

class CallSendRequestParam:
    method: str
    txOption: SipTxOption

class CallSendDtmfParam:
    method: int
    duration: int
    digits: str

class CallMediaInfo:
    dir: int
    status: int

class CallInfo:
    callIdString: str
    state: int
    lastStatusCode: int
    remoteUri: str
    media: Sequence[CallMediaInfo]

class MathStat:
    mean: int

class RtcpStreamStat:
    pkt: int
    loss: int
    jitterUsec: MathStat

class RtcpStat:
    txStat: RtcpStreamStat
    rxStat: RtcpStreamStat

class StreamStat:
    rtcp: RtcpStat

class StreamInfo:
    codecName: str
    jbInit: int
    jbMinPre: int
    jbMaxPre: int
    jbMax: int
    jbDiscardAlgo: int

class TsxStateEventSrc:
    rdata: SipRxData

class SipTransaction:
    role: int
    method: str

class TsxStateEvent:
    src: TsxStateEventSrc
    tsx: SipTransaction
    type: int

class SipEventBody:
    tsxState: TsxStateEvent

class SipEvent:
    type: int
    body: SipEventBody

class SdpSession:
    wholeSdp: str

class OnCallStateParam:
    e: SipEvent

class OnCallTsxStateParam:
    e: SipEvent

class OnCallMediaStateParam: ...
class OnCallMediaTransportStateParam: ...
class OnStreamCreatedParam: ...
class OnCreateMediaTransportParam: ...

class OnCallSdpCreatedParam:
    sdp: SdpSession

class OnStreamPreCreateParam:
    streamInfo: StreamInfo

class OnStreamDestroyedParam:
    streamIdx: int

class OnDtmfEventParam:
    method: int
    timestamp: int
    digit: str
    duration: int
    flags: int

class OnCallTransferRequestParam:
    statusCode: int

class Call:
    def __init__(self, acc: Account, call_id: int = -1) -> None: ...
    def getInfo(self) -> CallInfo: ...
    def isActive(self) -> bool: ...
    def makeCall(self, dst_uri: str, prm: CallOpParam) -> None: ...
    def answer(self, prm: CallOpParam) -> None: ...
    def hangup(self, prm: CallOpParam) -> None: ...
    def reinvite(self, prm: CallOpParam) -> None: ...
    def sendRequest(self, prm: CallSendRequestParam) -> None: ...
    def sendDtmf(self, param: CallSendDtmfParam) -> None: ...
    def dialDtmf(self, digits: str) -> None: ...
    def getAudioMedia(self, med_idx: int) -> AudioMedia: ...
    def getStreamInfo(self, med_idx: int) -> StreamInfo: ...
    def getStreamStat(self, med_idx: int) -> StreamStat: ...
    def onCallState(self, prm: OnCallStateParam) -> None: ...
    def onCallTsxState(self, prm: OnCallTsxStateParam) -> None: ...
    def onCallMediaState(self, prm: OnCallMediaStateParam) -> None: ...
    def onCallMediaTransportState(self, prm: OnCallMediaTransportStateParam) -> None: ...
    def onCallSdpCreated(self, prm: OnCallSdpCreatedParam) -> None: ...
    def onCreateMediaTransport(self, prm: OnCreateMediaTransportParam) -> None: ...
    def onStreamPreCreate(self, prm: OnStreamPreCreateParam) -> None: ...
    def onStreamCreated(self, prm: OnStreamCreatedParam) -> None: ...
    def onStreamDestroyed(self, prm: OnStreamDestroyedParam) -> None: ...
    def onDtmfEvent(self, prm: OnDtmfEventParam) -> None: ...
    def onCallTransferRequest(self, prm: OnCallTransferRequestParam) -> None: ...

# Audio

class AudioMedia:
    def startTransmit(self, sink: AudioMedia) -> None: ...
    def stopTransmit(self, sink: AudioMedia) -> None: ...
    def getPortId(self) -> int: ...
    def getTxLevel(self) -> int: ...

class AudioMediaPlayer(AudioMedia):
    def createPlayer(self, file_name: str, options: int = 0) -> None: ...

class AudioMediaRecorder(AudioMedia):
    def createRecorder(self, file_name: str) -> None: ...

class ToneDesc:
    freq1: int
    freq2: int
    on_msec: int
    off_msec: int
    volume: int

class ToneDescVector:
    def append(self, x: ToneDesc) -> None: ...

class ToneDigit:
    digit: str
    on_msec: int
    off_msec: int
    volume: int

class ToneDigitVector:
    def append(self, x: ToneDigit) -> None: ...

class ToneGenerator(AudioMedia):
    def createToneGenerator(self, clock_rate: int = 16000, channel_count: int = 1) -> None: ...
    def play(self, tones: ToneDescVector, loop: bool = False) -> None: ...
    def playDigits(self, digits: ToneDigitVector, loop: bool = False) -> None: ...
