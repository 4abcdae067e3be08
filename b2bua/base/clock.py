"""The two clocks of the switch: wall time for records and people, monotonic time for waiting.

Rule: whatever compares or waits uses monotonic seconds, which never go back; whatever is stored or shown uses UTC.
"""

import time


def now_ms() -> int:
    """Wall time: UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000
