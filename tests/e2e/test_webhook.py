"""A running switch notifies the subscriber's system of new voicemail messages."""

from array import array
from collections.abc import Callable

import pytest

from tests.support.sound import plain_wav
from tests.support.subscriber_system import subscriber_system
from tests.support.switch import Switch, eventually

SECONDS = array("h", [1000] * 16000)
CALL = "19a00000001" + "0" * 9 + "1"


@pytest.mark.req("M4")
def test_a_running_switch_notifies_of_new_messages(own_switch: Callable[..., Switch]) -> None:
    """With `keeping.notify` set, a message that appears is posted within seconds, and listed as notified."""
    with subscriber_system() as system:
        switch = own_switch(more=f'[keeping]\nnotify = "{system.url}"')
        plain_wav(switch.state / "messages" / "4006001234" / "office" / f"{CALL}.wav", SECONDS)
        eventually(lambda: len(system.notified), lambda count: count == 1)
        eventually(lambda: switch.ask("voicemail.list", {}), lambda shown: "'notified_ms': 1" in str(shown))
