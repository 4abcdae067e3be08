"""Kamailio as the carrier's proxy, which stays in every dialog."""

from pathlib import Path

import pytest

from b2bua.records.call_record import Party
from tests.interop.peers import kamailio
from tests.support.switch import Switch, sip_uri

pytestmark = [pytest.mark.interop, pytest.mark.req("S5", "K1")]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_through_a_proxy_that_records_its_route(switch: Switch, tmp_path: Path, transport: str) -> None:
    """A call, its audio both ways and the caller's BYE pass through Kamailio; the record says who hung up."""
    with (
        kamailio(tmp_path / "kamailio", switch.address, transport=transport) as port,
        switch.phone("--tone", "440") as target,
    ):
        number = switch.publish(f'a = "{sip_uri(target)}"')
        assert switch.test_call(number, "--to", f"127.0.0.1:{port}") == 0
    (record,) = switch.closed(number)
    assert record.hung_up_by is Party.CALLER
