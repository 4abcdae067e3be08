"""Times as an operator reads them: Asia/Shanghai, and ages that stay short.

Rule: every time that the console shows passes through here.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Asia/Shanghai")


def at(ms: int) -> datetime:
    """The aware time of this many UTC epoch milliseconds."""
    return datetime.fromtimestamp(ms / 1000, ZONE)


def clock(ms: int | None) -> str:
    """`21:05:09`, or nothing."""
    return "" if ms is None else f"{at(ms):%H:%M:%S}"


def clock_ms(ms: int) -> str:
    """`21:05:09.123`."""
    return f"{at(ms):%H:%M:%S}.{ms % 1000:03d}"


def day_clock(ms: int | None) -> str:
    """`11-22 21:05:09`, or nothing."""
    return "" if ms is None else f"{at(ms):%m-%d %H:%M:%S}"


def age(ms: int) -> str:
    """`9s` is written `0:09`; then `12:34`, `1:02:03` and `3d 04h`; never negative."""
    seconds = max(0, ms) // 1000
    if seconds >= 100 * 3600:
        return f"{seconds // 86400}d {seconds % 86400 // 3600:02d}h"
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
