"""Shows the call processes."""

import trio

from b2bua.api.dispatch import Asker, implements
from b2bua.api.requests.pool import CallProcess, PoolShown, ShowPool
from b2bua.pool.pool import Pool


class PoolOperations:
    """Operations on the call processes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @implements
    async def show(self, _: ShowPool, __: Asker) -> PoolShown:
        """The call processes now."""
        await trio.lowlevel.checkpoint()
        return PoolShown(
            tuple(CallProcess(each.pid, each.sip_port, each.call_id or "", each.ready) for each in self._pool.all())
        )
