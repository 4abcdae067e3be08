"""What is done once in the fork server, so that no call process does it again.

Rule: after `warm_up`, reading an Assign and writing an Update generate no code. cattrs writes a function for each class
at its first use, which would cost the first call of each process about 20 ms.
"""

from datetime import UTC, datetime
from typing import Final

from b2bua.callproc.cdr_builder import CdrBuilder
from b2bua.ipc.protocol import (
    Assign,
    Frames,
    FromDaemon,
    Hello,
    Idle,
    InviteKey,
    Mishap,
    Retire,
    Route,
    Stored,
    Tell,
    Update,
    frame,
)
from routing.cause import NORMAL
from routing.document import from_plain, parse, to_plain
from routing.event import Arrived, CallerHungUp
from routing.facts import Caller, CallerClass, Facts
from routing.flow import begin, step
from routing.ids import CallId, Number400, TrunkName

_PLAN: Final = """
number = "400-600-1234"
subscriber = "nobody"
[targets]
first = "021-6228 8300"
second = "138 0013 8000"
[hunt]
targets = ["first", "second"]
"""


def warm_up() -> None:
    """Pass one imaginary call through everything but PJSIP."""
    plan = parse(_PLAN)
    facts = Facts(
        CallId("warm"),
        Number400("4006001234"),
        Caller("02112345678", CallerClass.FIXED),
        TrunkName("warm"),
        datetime.now(UTC),
    )
    assign = Assign(
        "warm",
        InviteKey("", ""),
        0,
        facts,
        "",
        to_plain(plan),
        (Route("", "", 0),),
        "sip:a@b",
        "b",
        "127.0.0.1",
    )
    state, builder = begin(plan, facts), CdrBuilder(assign, dict, counts_calls=True)
    for event in (Arrived(0.0), CallerHungUp(1.0, NORMAL)):
        builder.note(event)
        state, _ = step(plan, state, event)
        builder.follow(state)
    record = builder.write(state, 1.0)
    frames = Frames(FromDaemon)
    for message in (assign, Stored("warm", 1), Tell("warm", Arrived(0.0)), Retire()):
        for heard in frames.feed(frame(message)):
            if isinstance(heard, Assign) and heard.plan is not None:
                from_plain(heard.plan)
    frame(Hello(0, 0, ""))
    frame(Idle("warm"))
    frame(Mishap("warm", ""))
    if record is not None:
        frame(Update(record))
