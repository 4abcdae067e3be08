"""`switch400 call`: a test call to a 400 number (N8).

Rule: exit status 0 only if the call was bridged and a tone came back.
"""

import json
import sys

import attrs
import click


@click.command(name="call")
@click.argument("number")
@click.option("--from", "caller", default="02112345678", show_default=True, help="The caller's number.")
@click.option("--to", default="127.0.0.1:5060", show_default=True, metavar="HOST:PORT", help="The switch.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Our own IPv4 address.")
@click.option("--seconds", default=3.0, show_default=True, type=click.FloatRange(min=0.5), help="Talk so long.")
@click.option("--keys", default="", metavar="KEYS", help="Keys to press once there is audio, such as 1,2.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON object, and no steps.")
def command(number: str, caller: str, to: str, host: str, seconds: float, keys: str, as_json: bool) -> None:
    """Call NUMBER as the carrier would, send a tone, and see whether a tone comes back."""
    from b2bua.pj.endpoint import run_and_leave, until_stopped
    from b2bua.pj.testcall import TestCallSetup, place

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
            print(f"not good: {call.fault}" if call.fault else "good: bridged, tone heard")
        return 1 if call.fault else 0

    run_and_leave(program)
