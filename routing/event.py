"""What has happened to a call: values in the past tense, fed to `routing.flow.step` one at a time.

In ITU-T Q.1214 these are the detection points of the basic call, and the answers to requests.

Rule: `at_s` is seconds since the call arrived (≥ 0, never decreasing). It is the only time that the core knows.
"""

from enum import StrEnum

import attrs

from routing.cause import Cause
from routing.ids import LegId, NodeName, TargetName, TimerName


class KeysEnd(StrEnum):
    """Why a collection of keys ended."""

    FULL = "full"
    END_KEY = "end-key"
    FIRST_TIMEOUT = "first-timeout"
    """No key at all in time."""
    INTER_TIMEOUT = "inter-timeout"
    """Some keys, then none in time."""


@attrs.frozen
class Arrived:
    """The caller's INVITE was accepted; the first event of every call."""

    at_s: float


@attrs.frozen
class CallerHungUp:
    """The caller's leg went down by itself: CANCEL, BYE, or lost."""

    at_s: float
    cause: Cause


@attrs.frozen
class CallerReleased:
    """The caller's leg is down as `Release` asked."""

    at_s: float


@attrs.frozen
class TargetRang:
    """A target's 180 or 183; `early_media` when its answer carries audio before the call is answered (RFC
    3960)."""

    at_s: float
    leg: LegId
    early_media: bool


@attrs.frozen
class TargetAnswered:
    """A target's 200 to our INVITE."""

    at_s: float
    leg: LegId


@attrs.frozen
class TargetFailed:
    """An outbound leg that was never answered is down: refused, timed out, could not be made, or stopped by
    us."""

    at_s: float
    leg: LegId
    cause: Cause


@attrs.frozen
class TargetHungUp:
    """An outbound leg that was answered is down: by its own BYE, lost, or hung up by us."""

    at_s: float
    leg: LegId
    cause: Cause


@attrs.frozen
class TimerFired:
    """A timer started by `StartTimer` ran out."""

    at_s: float
    timer: TimerName


@attrs.frozen
class OperatorHungUp:
    """An operator ended the call from the console."""

    at_s: float
    operator: str


@attrs.frozen
class MediaLost:
    """No audio packet has come from this leg for the plan's `media_lost_s` seconds."""

    at_s: float
    leg: LegId


@attrs.frozen
class PromptEnded:
    """A prompt without `loop` was heard to its end by this leg."""

    at_s: float
    leg: LegId


@attrs.frozen
class DigitsKeyed:
    """A collection started by `CollectDigits` ended; the end key itself is not in `digits`."""

    at_s: float
    leg: LegId
    digits: str
    end: KeysEnd


@attrs.frozen
class SecretKeyed:
    """A collection with a `secret` ended. The keys stay in the call process: the event only says whether they matched
    (O5)."""

    at_s: float
    leg: LegId
    matched: bool
    end: KeysEnd


@attrs.frozen
class PlaceTaken:
    """The answer to `TakePlace`: this call is number `place` (from 0) of all that reached the node (R3)."""

    at_s: float
    node: NodeName
    place: int


@attrs.frozen
class TargetsLooked:
    """The answer to `LookAtTargets`: for each target asked, calls up on it now, and calls it has had so far
    (R4, R10).

    A target that must not be rung is in `down` with the reason. `refused` are those that refused a call of this number
    in the last `routing.legs.REFUSED_S` seconds: a queue does not take them for free.
    """

    at_s: float
    node: NodeName
    live: dict[TargetName, int]
    so_far: dict[TargetName, int]
    down: dict[TargetName, str]
    refused: tuple[TargetName, ...] = ()


@attrs.frozen
class QueueMoved:
    """The call's place in the queue of a node changed: 0 is the next to be served."""

    at_s: float
    node: NodeName
    place: int


@attrs.frozen
class MessageTaken:
    """Recording of a voicemail message ended; `seconds` of it were kept (0 if it was too short to keep)."""

    at_s: float
    seconds: int


@attrs.frozen
class TransferAsked:
    """An outbound leg's telephone sent REFER (RFC 3515) to a number, name or SIP URI.

    `replaces`, the value of a Replaces header, names the dialog that the seat already has there (RFC 3891); empty for
    a blind transfer.
    """

    at_s: float
    leg: LegId
    to: str
    replaces: str = ""


Event = (
    Arrived
    | CallerHungUp
    | CallerReleased
    | TargetRang
    | TargetAnswered
    | TargetFailed
    | TargetHungUp
    | TimerFired
    | OperatorHungUp
    | MediaLost
    | PromptEnded
    | DigitsKeyed
    | SecretKeyed
    | PlaceTaken
    | TargetsLooked
    | QueueMoved
    | MessageTaken
    | TransferAsked
)
