"""Suites of test cases that other people wrote: where they lie, and which state of them it is.

Rule: nothing of them is part of this project; a folder is named by an environment variable, and without it the tests
that need it are skipped.
"""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

VOIPTESTS: Final = "VOIPTESTS"
"""Names a checkout of github.com/sippy/voiptests."""
PJPROJECT: Final = "PJPROJECT"
"""Names a checkout of github.com/pjsip/pjproject."""


def suite_folder(variable: str) -> Path:
    """The folder that a variable names; skips the test if it names none."""
    named = os.environ.get(variable, "")
    if not named:
        pytest.skip(f"{variable} names no folder: {variable}=DIR make interop")
    folder = Path(named).resolve()
    assert folder.is_dir(), f"{variable}: {folder} is no folder"
    return folder


def suite_commit(variable: str) -> str:
    """The first digits of the checkout's commit, empty if there is none."""
    asked = ["git", "-C", os.environ.get(variable, "/"), "rev-parse", "--short=9", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
