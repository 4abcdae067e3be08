"""Accepts connections for ever, also while the process has no file descriptor left.

Rule: neither a client's connection nor a lack of resources ends the loop: it waits and tries again. Only a listener
that is closed or broken ends it.
"""

import errno
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, TypeVar

import trio

T = TypeVar("T")

RETRY_S: Final = 0.1
"""While descriptors are used up `accept` fails at once: without a wait the loop would use a processor whole."""
LACKS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS)
"""What accept(2) fails with for what the process or the machine lacks."""
_LISTENER_BROKEN: Final = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP)

_log = logging.getLogger(__name__)


async def accept_forever(accept: Callable[[], Awaitable[T]], take: Callable[[T], object], listener: str) -> NoReturn:
    """Give each connection that `accept` returns to `take`, until cancelled.

    `take` must not block; an OSError of it costs that connection only. `listener` is the name in the log, where a lack
    is said once, and its end. Raises OSError if the listener is closed or broken.
    """
    lacking = False
    while True:
        try:
            connection = await accept()
        except OSError as error:
            if error.errno in _LISTENER_BROKEN:
                raise
            if error.errno in LACKS:
                if not lacking:
                    _log.error("no connection to %s can be accepted: %s", listener, error.strerror)
                lacking = True
                await trio.sleep(RETRY_S)
            continue  # any other error is that of a client that has gone (accept(2), "Error handling")
        if lacking:
            _log.warning("connections to %s are accepted again", listener)
        lacking = False
        try:
            take(connection)
        except OSError as error:
            _log.warning("a connection to %s is lost: %s", listener, error.strerror)
