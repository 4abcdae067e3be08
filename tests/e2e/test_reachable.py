"""A number with several targets is busy only when every one of them is, on the running switch (R12)."""

import pytest
import trio

from tests.support.sip_far_end import open_far
from tests.support.switch import Switch

BUSY = 11


@pytest.mark.req("R12", "R6")
async def test_the_last_of_twelve_targets_is_reached(switch: Switch) -> None:
    """Eleven are busy, one after another; the twelfth is rung and answers: the caller never hears that it is busy."""
    with trio.fail_after(60):
        async with open_far(switch.port) as carrier, open_far(switch.port) as busy, open_far(switch.port) as desk:
            uris = [busy.uri.replace("far@", f"busy{at}@") for at in range(BUSY)]
            targets = "\n".join(f'd{at} = "{uri}"' for at, uri in enumerate([*uris, desk.uri]))
            number = await trio.to_thread.run_sync(switch.publish, targets)
            caller = await carrier.call(number)
            for _ in range(BUSY):
                await (await busy.rang()).respond("486 Busy Here")
            await (await desk.rang()).answer()
            await caller.until("SIP/2.0 200")
            await caller.hang_up()
            (record,) = await trio.to_thread.run_sync(switch.closed, number)
    assert (len(record.attempts), record.target) == (BUSY + 1, f"d{BUSY}")
