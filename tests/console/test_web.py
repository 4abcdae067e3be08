"""The console in a browser: nothing without a login, and the role of the login and no other."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, WSServerHandshakeError
from aiohttp.test_utils import TestServer, unused_port

from tests.console.office import Office, office
from tui.say import Language, speak
from tui.web.server import MOST_FAILURES, WebConsole
from tui.web.users import Users, UsersFault, hashed


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    speak(Language.EN)
    yield
    speak(Language.ZH)


@pytest.fixture(scope="module")
def kept() -> str:
    """The hash of `secret`, which takes a while to make."""
    return hashed("secret")


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Office]:
    """A switch with calls up."""
    with office(tmp_path / "control.sock") as running:
        yield running


def browse(switch: Office, kept: str, visit: Callable[[ClientSession, str], Awaitable[None]]) -> None:
    """Visit a web console whose only user is the viewer `li`."""
    own = switch.path.parent
    (own / "users.toml").write_text(f'li = {{ role = "viewer", password = "{kept}" }}')

    async def go() -> None:
        port = unused_port()
        arguments = ["--socket", str(switch.path), "--lang", "en"]
        served = WebConsole(Users.read(own / "users.toml"), arguments, own, "127.0.0.1", port)
        browser = ClientSession(cookie_jar=CookieJar(unsafe=True))
        async with TestServer(await served._make_app(), port=port) as server:
            async with browser:
                await visit(browser, str(server.make_url("")).rstrip("/"))
            await no_children()

    asyncio.run(go())


async def no_children() -> None:
    """Every console process of a browser that left has ended and is buried."""
    async with asyncio.timeout(10):
        while any(thread.name.startswith("asyncio-waitpid") for thread in threading.enumerate()):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)


def test_nothing_is_served_without_a_login(switch: Office, kept: str) -> None:
    """The page leads to the login, everything else is refused, wrong passwords are told and soon no longer heard."""

    async def visit(browser: ClientSession, url: str) -> None:
        async with browser.get(url + "/") as page:
            assert page.url.path == "/login"
        async with browser.get(url + "/static/js/textual.js") as page:
            assert page.status == 401
        with pytest.raises(WSServerHandshakeError):
            await browser.ws_connect(url + "/ws")
        for name in ("li", "nobody"):
            async with browser.post(url + "/login", data={"name": name, "password": "guess"}) as page:
                assert page.status == 401
                assert "wrong name or password" in await page.text()
        for _ in range(MOST_FAILURES - 2):
            await browser.post(url + "/login", data={"name": "li", "password": "guess"})
        async with browser.post(url + "/login", data={"name": "li", "password": "secret"}) as page:
            assert page.status == 429

    browse(switch, kept, visit)


def test_a_viewer_sees_calls_and_is_refused_by_the_daemon(switch: Office, kept: str) -> None:
    """After the login a console runs in the browser; hanging up is refused, by the switch and not by the page."""

    async def visit(browser: ClientSession, url: str) -> None:
        async with browser.post(url + "/login", data={"name": "li", "password": "secret"}) as page:
            assert page.status == 200
            assert page.url.path == "/"
        with pytest.raises(WSServerHandshakeError):
            await browser.ws_connect(url + "/ws", headers={"Origin": "http://elsewhere.example"})
        async with browser.ws_connect(url + "/ws?width=100&height=30") as socket:
            seen = ""
            keys = iter([("talking", "x"), ("Hang up the call", "y"), ("needs the role", "")])
            wanted, key = next(keys)
            async with asyncio.timeout(30):
                while True:
                    message = await socket.receive()
                    seen += message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else ""
                    if wanted in seen:
                        if not key:
                            break
                        await socket.send_json(["stdin", key])
                        wanted, key = next(keys)
        assert switch.asked == []

    browse(switch, kept, visit)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "names no user"),
        ('li = { role = "god", password = "00$00" }', 'role = "viewer"'),
        ('li = { role = "viewer", password = "secret" }', "--hash"),
        ('"../li" = { role = "viewer", password = "00$00" }', "is no name"),
        ("li = ", "users.toml"),
    ],
)
def test_a_bad_file_of_users_is_one_clear_line(tmp_path: Path, text: str, why: str) -> None:
    """Each fault names the file, the user and the mend."""
    (tmp_path / "users.toml").write_text(text)
    with pytest.raises(UsersFault, match=why):
        Users.read(tmp_path / "users.toml")
