"""The running switch of the tests against other people's programs; what passes is written into docs/interop.md.

Rule: the page says what was seen, by which release of which program; a test's docstring is its line. A test that is
expected to fail, or is not run, says why.
"""

import subprocess
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

from tests.interop.suites import PJPROJECT, VOIPTESTS, suite_commit
from tests.support.switch import own_switch, switch

__all__ = ["own_switch", "switch"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "interop.md"
_HEAD: Final = """# What it was tried against

Made by `make interop`, on loopback, with the programs of Debian's packages. Two suites of test cases are not part of
this project; their folders are named by variables: `VOIPTESTS=DIR PJPROJECT=DIR make interop`. They are played as they
are. A line is what one test saw.

"As it should be": the test passed. "Does not apply": it asks for what a switch like this one does not do, and the line
says what it does instead. "Differs": a fault of the switch that is known.
"""
_PACKAGES: Final = {"baresip": "baresip-core", "linphone": "linphone-nogtk", "kamailio": "kamailio"}
_SUITES: Final = {"test_voiptests": VOIPTESTS, "test_pjsip_scenarios": PJPROJECT}
_TITLES: Final = {VOIPTESTS: "sippy/voiptests", PJPROJECT: "PJSIP's SIPp scenarios"}


_SEEN: Final = "interop"
"""The name of what a test's report carries to the page: program, test, what, seen."""
_lines: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
"""What and seen, by program, by test."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what became of a test to its report, by which it also comes from a test process of several."""
    report = yield
    counts = call.when == "call" or (call.when == "setup" and not report.passed)
    if counts and isinstance(item, pytest.Function) and item.get_closest_marker("interop"):
        report.user_properties.append((_SEEN, (_program(item), item.nodeid, _what(item), _seen(report, item))))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what became of a test."""
    for name, value in report.user_properties:
        if name == _SEEN and isinstance(value, tuple | list):
            program, test, what, seen = map(str, value)
            _lines[program][test] = (what, seen)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page, if each part of it was run; of several processes the one that has all reports does."""
    if len(_lines) < len(_PACKAGES) + len(_SUITES) or hasattr(session.config, "workerinput"):
        return
    text = _HEAD
    for program, lines in sorted(_lines.items()):
        rows = [f"| {what} | {seen} |" for _, (what, seen) in sorted(lines.items())]
        text += "\n".join([f"\n## {program}\n", "| what | seen |", "|---|---|", *rows, ""])
    PAGE.write_text(text, encoding="utf-8")


def _program(item: pytest.Function) -> str:
    """What a test is against, with its release."""
    for module, variable in _SUITES.items():
        if module in item.nodeid:
            return f"{_TITLES[variable]} {suite_commit(variable)}".strip()
    name = next((name for name in _PACKAGES if name in item.nodeid), "")
    return f"{name} {_version(name)}".strip()


def _what(item: pytest.Function) -> str:
    """The docstring's first line and the case."""
    written = getattr(item.module, item.originalname)  # what a test of trio's runs is another function
    first = (written.__doc__ or "").partition("\n")[0]
    if not hasattr(item, "callspec"):
        return first
    parts = [part for part in item.callspec.id.split("-") if part not in _PACKAGES]
    case = item.callspec.id if "test_pjsip" in item.nodeid else ", ".join(parts)
    if "what" in item.callspec.params:
        return f"`{case}`: {item.callspec.params['what']}"
    if "test_pjsip" in item.nodeid:
        return f"`{case}`{' (PCMU only)' if 'without_pcma' in item.nodeid else ''}"
    return f"{first} ({case})" if case else first


def _seen(report: pytest.TestReport, item: pytest.Function) -> str:
    """What the test saw, in words."""
    if report.passed:
        return "as it should be"
    if report.skipped:
        mark = item.get_closest_marker("xfail") or item.get_closest_marker("skip")
        reason = str(mark.kwargs["reason"]) if mark is not None else "not run: no folder was named"
        return reason if reason.startswith(("does not apply", "not run")) else f"differs: {reason}"
    return "**failed**"


def _version(name: str) -> str:
    if not name:
        return ""
    asked = ["dpkg-query", "--show", "--showformat=${Version}", _PACKAGES[name]]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout
