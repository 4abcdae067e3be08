"""Reads and prints times as operators write them: in Asia/Shanghai, whatever the machine's own zone is.

Rule: a time without a zone is read as Shanghai time, and every time is shown in it.
"""

import re
from datetime import datetime, time, timedelta, timezone
from typing import Final

import click

SHANGHAI: Final = timezone(timedelta(hours=8), "CST")
"""China has had one zone without daylight saving since 1991; every call is later."""

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def option(_: click.Context, param: click.Parameter, text: str | None) -> int | None:
    """A click callback: what the user wrote as UTC epoch milliseconds; None if nothing."""
    if text is None:
        return None
    try:
        return parse_time(text, datetime.now(SHANGHAI))
    except ValueError as error:
        example = "2026-05-01, '2026-05-01 08:30', 08:30, today, yesterday, 30m, 2h or 7d (ago)"
        raise click.BadParameter(f"{text!r} is no time; write {example}", param=param) from error


def parse_time(text: str, now: datetime) -> int:
    """UTC epoch milliseconds of a date, a time of today, or a duration before `now`. Raises ValueError."""
    text = text.strip()
    midnight = datetime.combine(now.date(), time(), SHANGHAI)
    days = {"today": midnight, "yesterday": midnight - timedelta(days=1), "now": now}
    if text in days:
        return to_ms(days[text])
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return to_ms(now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
    if re.fullmatch(r"\d\d:\d\d(:\d\d)?", text):
        return to_ms(datetime.combine(now.date(), time.fromisoformat(text), SHANGHAI))
    at = datetime.fromisoformat(text)
    return to_ms(at if at.tzinfo else at.replace(tzinfo=SHANGHAI))


def to_ms(at: datetime) -> int:
    """UTC epoch milliseconds of an aware time."""
    return round(at.timestamp() * 1000)


def from_ms(at_ms: int) -> datetime:
    """The time in Shanghai."""
    return datetime.fromtimestamp(at_ms / 1000, SHANGHAI)


def iso(at_ms: int) -> str:
    """For programs: `2026-05-01T08:30:00.123+08:00`."""
    return from_ms(at_ms).isoformat(timespec="milliseconds")


def clock(at_ms: int) -> str:
    """For people: `2026-05-01 08:30:00`."""
    return f"{from_ms(at_ms):%Y-%m-%d %H:%M:%S}"
