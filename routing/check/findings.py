"""One thing in a plan that is suspicious: it is no fault, and may even be meant."""

from enum import StrEnum

import attrs


class Doubt(StrEnum):
    """What kind of thing is suspicious; stable, for programs."""

    UNREACHED = "unreached"
    OVERLAP = "overlap"
    GAP = "gap"
    UNUSED_TARGET = "unused-target"
    NOBODY = "nobody"
    OWN_TARGET = "own-target"
    LONG_WAIT = "long-wait"
    NEVER_RUNG = "never-rung"
    NO_PROMPT = "no-prompt"
    AUTHORISATION = "authorisation"
    NO_AREA = "no-area"
    CALENDAR = "calendar"


@attrs.frozen(order=True)
class Finding:
    """`path` names its place, `says` what is suspicious and why."""

    path: str
    doubt: Doubt
    says: str

    def __str__(self) -> str:
        return f"{self.path}: {self.says} ({self.doubt})"
