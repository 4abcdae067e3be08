"""The control protocol of a running switch: what a call looked like, and who was missed."""

import subprocess
import sys
from itertools import product
from typing import Any

import pytest

from b2bua.api.requests.catalogue import OPERATIONS
from b2bua.api.requests.operation import Refusal
from b2bua.console.protocol import Role
from b2bua.control.client import Client
from b2bua.records.call_record import Party
from routing.ids import Number400
from routing.number import print_400
from tests.e2e.test_calls import ANSWERS, TALKS, refused_with, refuses, two
from tests.e2e.test_crashes import talking
from tests.support.sipp import Caller, Target, pause, recv
from tests.support.switch import Switch, eventually, sip_uri


def asked(switch: Switch, verb: str, **args: object) -> Any:
    """What the daemon answers to the owner of its socket."""
    return switch.ask(verb, args)


@pytest.mark.req("P1", "T4")
def test_the_messages_of_both_sides_of_a_call(switch: Switch) -> None:
    """While a call is up and after it, its signalling is told in order, each message at its leg, keys masked."""
    info = "Content-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal=7\nDuration=160"
    keys = Caller.request("INFO", 2).replace("Content-Length: 0\n", info)
    steps = [*TALKS[:6], keys, recv(200), pause(400), Caller.request("BYE", 3), recv(200)]
    with switch.target(refuses(486, "Busy Here")) as busy, switch.target(ANSWERS) as second:
        number = switch.publish(two(busy, second))
        with switch.caller(number, steps) as caller:
            (live,) = eventually(
                lambda: [row for row in asked(switch, "record.find", number=number)["rows"] if row["answered_ms"]],
                lambda rows: len(rows) == 1,
            )
            during = asked(switch, "call.show", call_id=live["call_id"])
            caller.wait()
        second.wait()
    switch.closed(number)
    after = asked(switch, "call.show", call_id=live["call_id"])
    starts = [
        (message["leg"], message["ours"], message["text"].split("\n")[0].replace(" SIP/2.0", "").split(" sip:")[0])
        for message in after["messages"]
    ]
    assert starts[0] == (0, False, "INVITE")
    expected = [(1, True, "INVITE"), (1, False, "SIP/2.0 486 Busy Here"), (1, True, "ACK"), (2, True, "INVITE")]
    assert [start for start in starts if start[0] == 1] + [(2, True, "INVITE")] == expected
    assert [start for start in starts if start[:2] == (2, True)] == [
        (2, True, word) for word in ("INVITE", "ACK", "BYE")
    ]
    assert (0, True, "SIP/2.0 200 OK") in starts
    assert (after["missing"], during["missing"]) == ("", "")
    assert after["messages"][: len(during["messages"])] == during["messages"]
    (told,) = [message["text"] for message in after["messages"] if message["text"].startswith("INFO")]
    assert "Signal=…" in told
    assert set(after["record"]["evidence"]) >= {"0", "2"}
    assert {"codec", "lost", "jitter_ms", "far_lost"} <= set(after["record"]["evidence"]["2"])


@pytest.mark.req("P4")
def test_a_missed_call_waits_until_somebody_deals_with_it(switch: Switch) -> None:
    """A caller who met nobody is listed until they get through, another until someone closes it with a note."""
    with switch.target(refuses(486, "Busy Here"), calls=2) as busy, switch.target(ANSWERS) as desk:
        number = switch.publish(f'desk = "{sip_uri(busy.port)}"')
        for caller in ("02112345678", "13800138000"):
            with switch.caller(number, refused_with(486), caller=caller) as calling:
                calling.wait()
        switch.closed(number, 2)
        rows = asked(switch, "missed.list", number=number)["rows"]
        assert [(row["caller"], row["closed"], row["closed_ms"]) for row in rows] == [
            ("138 0013 8000", "", None),
            ("021-1234 5678", "", None),
        ]
        asked(switch, "missed.close", call_id=rows[0]["call_id"], note="rang back at noon")
        document = f'number = "{number}"\nsubscriber = "Test"\n[targets]\ndesk = "{sip_uri(desk.port)}"\n'
        switch.ask("plan.publish", {"documents": [document], "note": "test"})
        with switch.caller(number, TALKS) as calling:
            calling.wait()
        desk.wait()
    talked = switch.closed(number, 3)[0]
    assert asked(switch, "missed.list", number=number)["rows"] == []
    every = asked(switch, "missed.list", number=number, all=True)["rows"]
    assert [(row["closed_note"], row["closed_call"]) for row in every] == [
        ("rang back at noon", ""),
        ("", talked.call_id),
    ]
    assert every[1]["closed"] == "desk"
    last, audit, first = asked(switch, "audit.find", number=number)["rows"]
    assert (audit["operation"], audit["fields"]["note"]) == ("missed.close", "rang back at noon")
    assert (last["before"], last["after"]) == (first["after"], document)
    assert (first["before"], first["operation"]) == ("", "plan.publish")


JUNK: tuple[dict[str, Any], ...] = (
    {},
    dict.fromkeys(("text", "call_id", "note", "name", "by", "at", "number", "caller", "documents", "plan_hash"), 7),
    {"text": "[", "number": [], "call_id": {}, "most": "x", "from_ms": "y", "to_ms": None, "state": [], "service": {}},
    {
        "number": "400-600-0001",
        "documents": [1],
        "version": "one",
        "blame": "god",
        "most": -1,
        "busy": "x",
        "by": "god",
    },
    {"text": "", "note": None, "at": "noon", "keys": 5, "most": True, "from_ms": 1, "to_ms": 2, "by": [], "who": {}},
)


def said(client: Client, verb: str, args: dict[str, Any]) -> str:
    """With which sentence a request is refused; empty if it is not."""
    try:
        client.ask_plain(verb, args)
    except Refusal as refused:
        return str(refused)
    return ""


def person(switch: Switch, role: Role) -> Client:
    """A link of somebody with a token for this role."""
    name = f"the-{role}"
    command = [sys.executable, "-m", "b2bua", "token", "add", name, "--role", role, "--state", str(switch.state)]
    token = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    return Client.connect(switch.state / "control.sock", token=token, who="somebody else")


@pytest.mark.req("T4", "P1")
def test_roles_and_the_audit_trail_of_a_real_daemon(switch: Switch) -> None:
    """The daemon serves every verb of the table, holds each to its role, and writes down who did what."""
    with person(switch, Role.VIEWER) as viewer, person(switch, Role.OPERATOR) as operator:
        for client, role in ((viewer, Role.VIEWER), (operator, Role.OPERATOR)):
            for (verb, kind), junk in product(OPERATIONS.items(), JUNK):
                answer = said(client, verb, junk)
                assert answer.startswith(f"{verb} needs the role {kind.ROLE}") != role.may(kind.ROLE)
                assert "knows no" not in answer
                assert "failed in the daemon" not in answer, (verb, junk, answer)
        with switch.target(ANSWERS) as target:
            number = switch.publish(f'desk = "{sip_uri(target.port)}"')
            steps = [*TALKS[:6], recv("BYE"), Target.respond(200, "OK", tag=False)]
            with switch.caller(number, steps) as caller:
                talking(caller, switch, number, 1)
                (live,) = eventually(
                    lambda: [row for row in asked(switch, "record.find", number=number)["rows"] if row["answered_ms"]],
                    lambda rows: len(rows) == 1,
                )
                operator.ask_plain("call.hangup", {"call_id": live["call_id"]})
                caller.wait()
            target.wait()
        operator.ask_plain("trunk.set", {"name": "carrier", "service": "in"})
        trail = viewer.ask_plain("audit.find", {"who": "the-operator"})["rows"]
    assert [(row["operation"], row["subject"]) for row in trail] == [
        ("trunk.set", "carrier"),
        ("call.hangup", print_400(Number400(number))),
    ]
    (record,) = switch.closed(number)
    assert record.hung_up_by is Party.OPERATOR
