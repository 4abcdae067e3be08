"""The running switch of the tests against other people's programs; what passes is written into docs/interop.md.

Rule: the page says what was seen, by which release of which program; a test's docstring is its line.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.switch import own_switch, switch

__all__ = ["own_switch", "switch"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "interop.md"
_HEAD: Final = """# What it was tried against

Made by `make interop`, on loopback, with the programs of Debian's packages. A line is what one test saw.

| with | what | seen |
|---|---|---|
"""
_PACKAGES: Final = {"baresip": "baresip-core", "linphone": "linphone-nogtk", "kamailio": "kamailio"}
_outcomes: dict[str, tuple[str, str, str]] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Keep what became of a test."""
    report = yield
    if call.when == "call" and isinstance(item, pytest.Function) and item.get_closest_marker("interop"):
        peer = next((name for name in _PACKAGES if name in item.nodeid), "")
        what = (item.function.__doc__ or "").partition("\n")[0]
        case = f" ({item.callspec.id})" if hasattr(item, "callspec") else ""
        seen = "as it should be" if call.excinfo is None else "**not so**"
        _outcomes[item.nodeid] = (f"{peer} {_version(peer)}".strip(), what + case, seen)
    return report


def pytest_sessionfinish() -> None:
    """Write the page, if the whole of it was run."""
    if _outcomes:
        lines = [f"| {who} | {what} | {seen} |" for who, what, seen in sorted(_outcomes.values())]
        PAGE.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def _version(peer: str) -> str:
    if not peer:
        return ""
    asked = ["dpkg-query", "--show", "--showformat=${Version}", _PACKAGES[peer]]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout
