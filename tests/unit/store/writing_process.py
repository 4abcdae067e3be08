"""A process that writes records as the daemon does and says each one it was told `stored` for; killed by its test."""

import sys
from itertools import count
from pathlib import Path

import trio

from b2bua.store.store import Store
from routing.ids import CallId
from tests.support.samples import open_record


async def write(folder: Path, prefix: str) -> None:
    """Offer without end, in bursts; print what is on disk, unbuffered."""

    def stored(call_id: CallId, seq: int) -> None:
        sys.stdout.write(f"{call_id} {seq}\n")
        sys.stdout.flush()

    store = Store.open(folder / "switch400.db", folder / "spool")
    writer = store.writer(stored)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        for serial in count():
            writer.submit(open_record(f"{prefix}-{serial % 50}", serial))
            if serial % 7 == 0:
                await trio.lowlevel.checkpoint()
            if serial % 200 == 0:
                await writer.drain()


if __name__ == "__main__":
    trio.run(write, Path(sys.argv[1]), sys.argv[2])
