"""The console's colours.

Rule: in `blind` meanings differ by blue and orange, never by red and green; in `mono` colour has no meaning.
"""

from textual.theme import Theme

NIGHT = Theme(
    name="night",
    primary="#6cb6ff",
    secondary="#8b949e",
    accent="#d2a8ff",
    foreground="#d5dbe3",
    background="#0d1117",
    surface="#0d1117",
    panel="#1c2430",
    success="#56d364",
    warning="#e3b341",
    error="#ff7b72",
    dark=True,
)
DAY = Theme(
    name="day",
    primary="#0550ae",
    secondary="#57606a",
    accent="#8250df",
    foreground="#1f2328",
    background="#ffffff",
    surface="#ffffff",
    panel="#e7ecf1",
    success="#116329",
    warning="#7d4e00",
    error="#b3151f",
    dark=False,
)
BLIND = Theme(
    name="blind",
    primary="#a6cee3",
    secondary="#9aa4af",
    accent="#f0e442",
    foreground="#e6e9ee",
    background="#10141a",
    surface="#10141a",
    panel="#222a35",
    success="#56b4e9",
    warning="#f0e442",
    error="#ff9e2c",
    dark=True,
)
MONO = Theme(
    name="mono",
    primary="#ffffff",
    secondary="#a0a0a0",
    accent="#ffffff",
    foreground="#e0e0e0",
    background="#000000",
    surface="#000000",
    panel="#303030",
    success="#ffffff",
    warning="#ffffff",
    error="#ffffff",
    dark=True,
)
THEMES = (NIGHT, DAY, BLIND, MONO)
