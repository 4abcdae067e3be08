"""`switch400 call`: a test call to a 400 number (N8).

Rule: exit status 0 only if the call was bridged and a tone came back.
"""

import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs
import click

from b2bua.base.errors import StoreError
from b2bua.cli.call_summary import summary_lines
from b2bua.cli.locations import locate
from b2bua.config.configuration import ConfigFault
from b2bua.records.call_record import CallState
from b2bua.store.query import Query
from routing.number import NumberFault, parse_400

_RECORD_S: Final = 2.0
"""How long to wait for the record of the call to be on disk."""
_LOOK_S: Final = 0.05


@click.command(name="call")
@click.argument("number")
@click.option("--from", "caller", default="02112345678", show_default=True, help="The caller's number.")
@click.option("--to", default="127.0.0.1:5060", show_default=True, metavar="HOST:PORT", help="The switch.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Our own IPv4 address.")
@click.option("--seconds", default=3.0, show_default=True, type=click.FloatRange(min=0.5), help="Talk so long.")
@click.option("--keys", default="", metavar="KEYS", help="Keys to press once there is audio, such as 1,2.")
@click.option("--state", type=click.Path(path_type=Path), help="The switch's state directory, to print its record.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON object, and no steps.")
def command(
    number: str, caller: str, to: str, host: str, seconds: float, keys: str, state: Path | None, as_json: bool
) -> None:
    """Call NUMBER as the carrier would, send a tone, and see whether a tone comes back."""
    from b2bua.callproc.endpoint import run_and_leave, until_stopped
    from b2bua.callproc.testcall import TestCallSetup, place

    setup = TestCallSetup(
        number=number.replace("-", ""),
        caller=caller,
        to=to,
        talk_s=seconds,
        keys=keys.replace(",", ""),
        host=host,
    )

    def program() -> int:
        say = (lambda _: None) if as_json else print
        try:
            call = place(setup, say, until_stopped())
        except OSError as fault:
            print(f"switch400 call: {fault}", file=sys.stderr)
            return 2
        if as_json:
            print(json.dumps({**attrs.asdict(call), "fault": call.fault}))
        else:
            _print_record(setup.number, call.sip_call_id, state)
            both = "both ways" if call.own_back else "one way (the far end sends nothing back)"
            print(f"not good: {call.fault}" if call.fault else f"good: bridged, tone heard {both}")
        return 1 if call.fault else 0

    run_and_leave(program)


def _print_record(number: str, sip_call_id: str, state: Path | None) -> None:
    """Print the call as the switch recorded it, if that switch keeps its records on this machine."""
    with suppress(ConfigFault, StoreError, NumberFault):
        store = locate(state=state).open_store()
        until = time.monotonic() + _RECORD_S
        query = Query(number=parse_400(number), limit=20)
        while time.monotonic() < until:
            found = next((each for each in store.records.find(query) if each.sip_call_id == sip_call_id), None)
            if found is not None and found.state is CallState.ENDED:
                print("", *summary_lines(found), "", sep="\n")
                return
            time.sleep(_LOOK_S)
