"""IPv4 addresses of the host names of gateways and targets, looked up in tasks of their own.

Rule: bounded; an answer is kept for 60 s, a failure for 5 s, whatever the TTL.
"""

from collections import OrderedDict
from typing import Final

import trio

KEEP_S: Final = 60.0
KEEP_FAILED_S: Final = 5.0
MOST_NAMES: Final = 1_000
PATIENCE_S: Final = 5.0
"""How long a look-up may take."""


class DnsCache:
    """A cache of IPv4 addresses by name."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, str | None]] = OrderedDict()

    def known(self, name: str) -> str | None:
        """An IPv4 address of this host, if it was looked up lately."""
        until_s, address = self._known.get(name, (0.0, None))
        return address if until_s > trio.current_time() else None

    async def address_of(self, name: str) -> str | None:
        """An IPv4 address of this host, or None if there is none to be had."""
        until_s, address = self._known.get(name, (0.0, None))
        if until_s > trio.current_time():
            return address
        found: str | None = None
        with trio.move_on_after(PATIENCE_S):
            try:
                # RuntimeError: the kernel gives no thread for the look-up.
                answers = await trio.socket.getaddrinfo(name, None, trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
                found = str(answers[0][4][0])
            except (OSError, UnicodeError, RuntimeError):
                found = None
        self._known[name] = (trio.current_time() + (KEEP_S if found else KEEP_FAILED_S), found)
        if len(self._known) > MOST_NAMES:
            self._known.popitem(last=False)
        return found
