"""What the daemon knows of one call process.

Rule: a process holds at most one call. It keeps that call when its link or the daemon is gone; only the end of the call
or of the process frees it.
"""

from enum import Enum, auto

import attrs

from b2bua.ipc.protocol import InviteKey


class Phase(Enum):
    """Whether a process can take a call; `b2bua.pool.state` changes it."""

    FREE = auto()
    """It can take a call now."""
    RESTING = auto()
    """Its last call ended less than `rest_s` ago."""
    BUSY = auto()
    """It has a call."""
    UNREACHABLE = auto()
    """It has no call, and no link or did not read a message. It gets no call before it says Hello again."""
    LEAVING = auto()
    """It has no call, and ends because it was told to or said so."""
    DEAD = auto()
    """It has ended."""


@attrs.define(eq=False)
class Process:
    """One call process. `call_id` is empty while it has no call; `invite` names its present or latest call's INVITE.

    `rested_at_s` is when it may take the next call (monotonic seconds). `last_plan` is the hash of the plan that it was
    sent last. `linked`: messages can be sent to it. `retired`: it takes no more calls. `adopted`: it came with a call
    of an earlier daemon and has had none of ours yet. `crashed`: it ended unasked.
    """

    pid: int
    sip_port: int
    incarnation: str
    call_id: str = ""
    invite: InviteKey | None = None
    phase: Phase = Phase.FREE
    linked: bool = True
    retired: bool = False
    adopted: bool = False
    crashed: bool = False
    rested_at_s: float = 0.0
    last_plan: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can take a call now."""
        return self.phase is Phase.FREE
