"""Finds the line of a fault in a document's text (pure).

Rule: for a path whose last parts are not in the text, it is the line of the longest part that is there, else the first
line.
"""

import re

_HEAD = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"""\s*([\w.-]+|"[^"]*"|'[^']*')\s*=""")
_LINE = re.compile(r"at line (\d+)")


def line_of(text: str, path: str, problem: str = "") -> int:
    """The line (from 0) that a fault's path or its problem (`at line 3`) names."""
    named = _LINE.search(problem)
    if named:
        return max(0, int(named[1]) - 1)
    wanted = [part.strip("\"'") for part in re.split(r"[.\[\]]+", path) if part]
    best, at, table = 0, 0, []
    for number, line in enumerate(text.splitlines()):
        head = _HEAD.match(line)
        key = None if head else _KEY.match(line)
        if head:
            table = [part.strip(" \"'") for part in head[1].split(".")]
            here = table
        elif key:
            here = [*table, *(part.strip("\"'") for part in key[1].split("."))]
        else:
            continue
        if here == wanted[: len(here)] and len(here) > best:
            best, at = len(here), number
    return at
