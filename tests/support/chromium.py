"""Debian's Chromium, driven by Playwright, in front of `switch400 web`: what a person at a browser sees and types.

The terminal in the page is drawn on a canvas, which has no text to ask for; so what is looked at is what Chromium
received over its websocket. Playwright and not Selenium, for it hands these frames over and needs no driver program.
"""

import os
import re
import shutil
import subprocess
import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from tests.support.ports import free_port

_CONTROL: Final = re.compile(r"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|\x1b[=>]")
_WITHIN_MS: Final = 15_000
_LOOK_MS: Final = 50
_REST_MS: Final = 200


class Seat:
    """A person at a page of their own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1200, "height": 700}).new_page()
        self.asked_elsewhere: list[str] = []
        self._url = url
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._seen = ""
        self.page.on("websocket", self._listen)
        self.page.on("request", self._note)

    def log_in(self, name: str, token: str) -> None:
        """Type name and token into the login page."""
        self.page.goto(self._url)
        self.page.fill("input[name=name]", name)
        self.page.fill("input[name=token]", token)
        self.page.click("button")

    def press(self, *keys: str) -> None:
        """Press keys when the page is at rest; what was seen before is not looked at any more."""
        self._rest()
        self._seen = ""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type a text, and see it."""
        self._rest()
        self.page.keyboard.type(text)
        self.sees(text[-8:])

    def sees(self, *texts: str) -> None:
        """Wait until all of these were drawn since the last key; fails after 15 s with what was."""
        for _ in range(_WITHIN_MS // _LOOK_MS):
            seen = _CONTROL.sub("", self._seen)
            if all(text in seen for text in texts):
                return
            self.page.wait_for_timeout(_LOOK_MS)
        raise AssertionError(f"{texts} not all among {seen[-3000:]!r}")

    def _rest(self) -> None:
        """Let the page draw until it has drawn nothing for a while: a form takes no keys before it stands."""
        for _ in range(_WITHIN_MS // _REST_MS):
            before = len(self._seen)
            self.page.wait_for_timeout(_REST_MS)
            if len(self._seen) == before:
                return

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._frame)

    def _frame(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self._seen += self._decoder.decode(payload)

    def _note(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self._url, self._url.replace("http", "ws"), "data:", "blob:")):
            self.asked_elsewhere.append(url)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    program = shutil.which("chromium")
    assert program is not None, "chromium is missing: apt-get install chromium"
    # Chromium refuses root its sandbox; in CI we are root, and the only page is ours.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def web(state: Path, folder: Path) -> Iterator[str]:
    """`switch400 web` for the switch in this state directory, its own files in this folder; its address."""
    (folder / "run").mkdir()
    surroundings = os.environ | {"XDG_CONFIG_HOME": str(folder / "own"), "TMPDIR": str(folder / "run")}
    command = [sys.executable, "-m", "b2bua", "web", "--state", str(state), "--port", str(free_port()), "--lang", "en"]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings)
    assert serving.stdout is not None
    try:
        yield serving.stdout.readline().split()[-1]
    finally:
        serving.terminate()
        serving.communicate(timeout=10)
