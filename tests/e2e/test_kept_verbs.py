"""Messages and recordings over the control socket of a running switch: what the console is told and may do."""

from array import array
from typing import Any

import pytest

from b2bua.api.requests.operation import Refusal
from b2bua.console.protocol import Role
from b2bua.control.client import Client
from tests.support.sound import plain_wav
from tests.support.switch import Switch

SECOND = array("h", [1000] * 8000)
CALLS = ("19a00000001" + "0" * 9 + "1", "19a00000002" + "0" * 9 + "2")


def _rows(switch: Switch, verb: str, **args: object) -> list[dict[str, Any]]:
    answer = switch.ask(verb, args)
    assert isinstance(answer, dict)
    rows: list[dict[str, Any]] = answer["rows"]
    return rows


@pytest.mark.req("M4", "M5")
def test_messages_are_listed_marked_and_deleted_by_those_who_may(switch: Switch) -> None:
    """Newest first, unread told apart; a viewer changes nothing; of a list with a stranger nothing is deleted."""
    number = switch.publish('desk = "sip:t@127.0.0.1:9"')
    box = switch.state / "messages" / number / "office"
    for call_id in CALLS:
        plain_wav(box / f"{call_id}.wav", SECOND)
    rows = _rows(switch, "voicemail.list", number=number)
    assert [row["call_id"] for row in rows] == [CALLS[1], CALLS[0]]
    assert (rows[0]["mailbox"], rows[0]["length_s"], rows[0]["read_ms"]) == ("office", 1.0, None)
    assert switch.ask("voicemail.mark", {"call_ids": [CALLS[0]]}) == {"marked": 1}
    assert [row["call_id"] for row in _rows(switch, "voicemail.list", number=number, unread=True)] == [CALLS[1]]
    assert _rows(switch, "voicemail.list", number=number)[1]["read_by"]
    switch.ask("voicemail.mark", {"call_ids": [CALLS[0]], "read": False})
    assert len(_rows(switch, "voicemail.list", number=number, unread=True)) == 2
    with Client.connect(switch.state / "control.sock", role=Role.VIEWER) as viewer, pytest.raises(Refusal):
        viewer.ask_plain("voicemail.delete", {"call_ids": [CALLS[0]]})
    with pytest.raises(Refusal, match="no message"):
        switch.ask("voicemail.delete", {"call_ids": [CALLS[0], "another"]})
    assert switch.ask("voicemail.delete", {"call_ids": list(CALLS)}) == {"deleted": 2}
    assert not list(box.iterdir())


@pytest.mark.req("M5")
def test_recordings_are_listed_with_their_last_day(switch: Switch) -> None:
    """A recording that is there is listed, with its length and until when it is kept."""
    plain_wav(switch.state / "recordings" / f"{CALLS[0]}.wav", SECOND, 2)
    row = next(row for row in _rows(switch, "recording.list") if row["call_id"] == CALLS[0])
    (switch.state / "recordings" / f"{CALLS[0]}.wav").unlink()
    assert row["length_s"] == 0.5
    assert 28 <= (row["kept_until_ms"] - row["arrived_ms"]) / 86_400_000 <= 31
    assert not row["sealed"]
