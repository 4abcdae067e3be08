"""Other people's telephones as targets: they ring, are answered, are heard, and hang up."""

from pathlib import Path

import pytest

from tests.interop.peers import baresip, linphone
from tests.support.switch import Switch, sip_uri

pytestmark = [pytest.mark.interop, pytest.mark.req("S5")]


def test_baresip_is_rung_and_heard(switch: Switch, tmp_path: Path) -> None:
    """baresip answers, its tone reaches the caller, the caller hangs up."""
    with baresip(tmp_path / "baresip") as port:
        number = switch.publish(f'a = "{sip_uri(port)}"')
        code = switch.test_call(number)
        print((tmp_path / "baresip" / "log").read_text()[-3000:])
        assert code == 0
    (record,) = switch.closed(number)
    assert record.answered_ms is not None


def test_linphone_is_rung_and_heard(switch: Switch, tmp_path: Path) -> None:
    """linphone answers, its tone reaches the caller, the caller hangs up."""
    with linphone(tmp_path / "linphone") as port:
        number = switch.publish(f'a = "{sip_uri(port)}"')
        code = switch.test_call(number)
        print((tmp_path / "linphone" / "log").read_text()[-3000:])
        assert code == 0
    (record,) = switch.closed(number)
    assert record.answered_ms is not None
