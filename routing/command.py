"""What to do next: values in the imperative, returned by `routing.flow.step`, carried out in order by the call process
(`b2bua.callproc.command_executor`). In ITU-T Q.1214 these are the requests of the SCF to the SSF and the SRF.

Rule: a command never names a leg that is down. Each says which event answers it.
"""

from typing import Final

import attrs

from routing.cause import Cause
from routing.ids import LegId, NodeName, PromptName, TargetName, TimerName

MOST_MENUS: Final = 10
"""Menus whose keys are sent to a target's system: the last ones, for a caller may pass a menu again."""


@attrs.frozen
class Alert:
    """Tell the caller that it rings: 180, or 183 with the audio of `early_media_from` if given."""

    early_media_from: LegId | None = None


@attrs.frozen
class Answer:
    """Answer the caller (200). At most once in a call; the call process sees that a record is open first (F1)."""


@attrs.frozen
class Release:
    """End the caller's leg: final response `cause.sip` before the answer, BYE after it. →
    `CallerReleased`."""

    cause: Cause


@attrs.frozen
class Context:
    """What only the flow knows of a call, and is sent to the target's system with it (M8, T1).

    `menus` are the menus that the caller came through, each with what was keyed there (never a password), the last
    `MOST_MENUS` of them; `transferred_by` is the seat that hands the caller over, if one does. How this is written in
    SIP, beside the caller, the 400 number and the call's id, is decided in `b2bua.callproc.invitation`.
    """

    menus: tuple[tuple[NodeName, str], ...] = ()
    transferred_by: TargetName | None = None


@attrs.frozen
class Ring:
    """Call a target on a new outbound leg. → `TargetRang`, `TargetAnswered` or `TargetFailed`.

    `address` is a telephone number in canonical form or a SIP URI; `context` is for the target's screen (M8).
    `replaces` is the value of a Replaces header (RFC 3891): the target's dialog that this leg takes the place of.
    """

    leg: LegId
    target: TargetName
    address: str
    context: Context = Context()
    fax: bool = False
    replaces: str = ""


@attrs.frozen
class StopRinging:
    """Cancel an outbound leg that has not answered, with a Reason (RFC 3326).

    → `TargetFailed`; or `TargetAnswered` if its 200 had been sent already.
    """

    leg: LegId
    cause: Cause


@attrs.frozen
class HangUp:
    """End an answered outbound leg (BYE with a Reason). → `TargetHungUp`."""

    leg: LegId
    cause: Cause


@attrs.frozen
class Connect:
    """Let two legs hear each other. A leg connected elsewhere is taken from there first."""

    a: LegId
    b: LegId


@attrs.frozen
class Disconnect:
    """Stop two legs hearing each other; both stay up."""

    a: LegId
    b: LegId


@attrs.frozen
class ReportTransfer:
    """Tell a seat's telephone how the transfer that it asked for by REFER goes: a SIP status, from 200 on the last."""

    leg: LegId
    status: int


@attrs.frozen
class StartTimer:
    """→ `TimerFired` after `after_s` seconds (> 0) unless stopped."""

    timer: TimerName
    after_s: float


@attrs.frozen
class StopTimer:
    """Stop a running timer."""

    timer: TimerName


@attrs.frozen
class Play:
    """Play prompts one after another to a leg, as early media (183) if the caller is not answered. →
    `PromptEnded`.

    With `loop` they go on until `StopPlaying`, and no event comes. `barge_in`: the first key stops them,
    silently.
    """

    leg: LegId
    prompts: tuple[PromptName, ...]
    loop: bool = False
    barge_in: bool = False


@attrs.frozen
class StopPlaying:
    """Stop whatever is played to this leg; no event."""

    leg: LegId


@attrs.frozen
class CollectDigits:
    """Gather keys from a leg. → `DigitsKeyed`, or `SecretKeyed` if `secret` is given.

    At most `most` keys (1–16). `first_s` seconds run from the end of the prompt played to this leg (or from now if
    none), `inter_s` from each key; a `first_s` of 0 waits without end. `secret` is a salted hash as in
    `routing.secret`; keys are never shown with it. With `codes`, only keys that begin with one of these are gathered;
    any other goes on to whoever the leg talks with.
    """

    leg: LegId
    most: int
    first_s: float
    inter_s: float
    end_keys: str = "#"
    secret: str = ""
    codes: tuple[str, ...] = ()


@attrs.frozen
class PassKeysOn:
    """The keys that were gathered from this leg by their codes meant nothing to us: whoever it talks with gets them."""

    leg: LegId


@attrs.frozen
class StopCollecting:
    """Stop gathering keys from this leg; no event."""

    leg: LegId


@attrs.frozen
class TakePlace:
    """Take the next place in line at a node, counted over all calls and restarts. → `PlaceTaken`."""

    node: NodeName


@attrs.frozen
class LookAtTargets:
    """Ask how busy targets are now. → `TargetsLooked`.

    `lines` is how many calls at once each takes, where that is limited. The first `rings` of `targets` that are free
    are reserved for this call for a short time (R10).
    """

    node: NodeName
    targets: tuple[TargetName, ...]
    lines: dict[TargetName, int] = attrs.field(factory=dict)
    rings: int = 1


@attrs.frozen
class JoinQueue:
    """Stand in the queue of a node, as one who has waited there for `waited_s` seconds (≥ 0).

    → `QueueMoved` now and at each change.
    """

    node: NodeName
    priority: bool
    waited_s: float = 0.0


@attrs.frozen
class LeaveQueue:
    """Leave the queue of a node: served, given up, or gone."""

    node: NodeName


@attrs.frozen
class StartRecording:
    """Record both sides of the bridged call from here on (M5)."""


@attrs.frozen
class StopRecording:
    """End the recording."""


@attrs.frozen
class TakeMessage:
    """Record a voicemail message after a beep (M4). → `MessageTaken`, also when the caller hangs up.

    It ends after `most_s` seconds (5–3600), or after `silence_s` seconds (1–60) of silence.
    """

    mailbox: str
    most_s: int
    silence_s: int


Command = (
    Alert
    | Answer
    | Release
    | Ring
    | StopRinging
    | HangUp
    | Connect
    | Disconnect
    | ReportTransfer
    | StartTimer
    | StopTimer
    | Play
    | StopPlaying
    | CollectDigits
    | PassKeysOn
    | StopCollecting
    | TakePlace
    | LookAtTargets
    | JoinQueue
    | LeaveQueue
    | StartRecording
    | StopRecording
    | TakeMessage
)
