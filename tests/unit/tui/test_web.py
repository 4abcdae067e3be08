"""The console in a browser: nothing without a login, and the role of the login and no other."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestServer

from b2bua.console.protocol import Role
from tests.support.ports import free_port
from tests.unit.tui.fake_switch import FakeSwitch, fake_switch
from tui.i18n import Language, set_language
from tui.web.login import User
from tui.web.server import MOST_FAILURES, WebConsole
from tui.web.sessions import MOST_CONSOLES, SESSION_S, Sessions


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[FakeSwitch]:
    """A switch with calls up."""
    with fake_switch(tmp_path / "control.sock") as running:
        yield running


def browse(switch: FakeSwitch, visit: Callable[[ClientSession, str, str], Awaitable[None]]) -> None:
    """Visit a web console with the token of the viewer `li`."""
    token = switch.tokens.add("li", Role.VIEWER)

    async def go() -> None:
        before = children()
        port = free_port()
        served = WebConsole(switch.path, switch.path.parent, "127.0.0.1", port)
        browser = ClientSession(cookie_jar=CookieJar(unsafe=True))
        async with TestServer(await served._make_app(), port=port) as server:
            async with browser:
                await visit(browser, str(server.make_url("")).rstrip("/"), token)
            await no_more_children(before)

    asyncio.run(go())


def children() -> set[str]:
    """The processes that this one has started and not buried yet."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def no_more_children(than: set[str]) -> None:
    """Every console process of a browser that left has ended and is buried."""
    async with asyncio.timeout(30):
        while children() - than:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)


@pytest.mark.req("T4")
def test_nothing_is_served_without_a_login(switch: FakeSwitch) -> None:
    """The page leads to the login, everything else is refused; wrong tokens are told, and keep nobody else out."""

    async def visit(browser: ClientSession, url: str, token: str) -> None:
        async with browser.get(url + "/") as page:
            assert page.url.path == "/login"
        async with browser.get(url + "/static/js/textual.js") as page:
            assert page.status == 401
        with pytest.raises(WSServerHandshakeError):
            await browser.ws_connect(url + "/ws")
        for name, given in (("li", "guess"), ("wang", token), ("li", ""), ("", "")):
            async with browser.post(url + "/login", data={"name": name, "token": given}) as page:
                assert page.status == 401
                assert "wrong name or token" in await page.text()
        for _ in range(MOST_FAILURES):
            async with browser.post(url + "/login", data={"name": "li", "token": "guess"}) as page:
                status = page.status
        assert status == 429
        async with browser.post(url + "/login", data={"name": "li", "token": token}) as page:
            assert (page.status, page.url.path) == (200, "/")
        async with browser.post(url + "/logout") as page:
            assert page.url.path == "/login"
        async with browser.get(url + "/") as page:
            assert page.url.path == "/login"

    browse(switch, visit)


@pytest.mark.req("T4")
def test_a_viewer_sees_calls_and_is_refused_by_the_daemon(switch: FakeSwitch) -> None:
    """After the login a console runs in the browser; hanging up is refused, by the switch and not by the page."""

    async def visit(browser: ClientSession, url: str, token: str) -> None:
        async with browser.post(url + "/login", data={"name": "li", "token": token}) as page:
            assert page.status == 200
        with pytest.raises(WSServerHandshakeError):
            await browser.ws_connect(url + "/ws", headers={"Origin": "http://elsewhere.example"})
        async with browser.ws_connect(url + "/ws?width=100&height=30") as socket:
            keys = iter([("talking", "x"), ("Hang up the call", "y"), ("needs the role", "")])
            await play(socket, keys)
            assert token not in arguments_of_children()
            switch.tokens.remove("li")
            await play(socket, iter([("token was removed", "")]))
        assert switch.asked == []

    browse(switch, visit)


@pytest.mark.req("T4")
def test_consoles_end_with_the_session_and_are_few(switch: FakeSwitch) -> None:
    """F43: logging out ends the consoles that are open; one person has at most `MOST_CONSOLES` of them at once."""

    async def visit(browser: ClientSession, url: str, token: str) -> None:
        async with browser.post(url + "/login", data={"name": "li", "token": token}) as page:
            assert page.status == 200
        opened = [await browser.ws_connect(url + "/ws?width=80&height=24") for _ in range(MOST_CONSOLES)]
        await play(opened[0], iter([("talking", "")]))
        with pytest.raises(WSServerHandshakeError) as refused:
            await browser.ws_connect(url + "/ws")
        assert refused.value.status == 429
        async with browser.post(url + "/logout") as page:
            assert page.url.path == "/login"
        async with asyncio.timeout(30):
            for socket in opened:
                while (await socket.receive()).type != WSMsgType.CLOSED:
                    pass

    browse(switch, visit)


@pytest.mark.req("T4")
def test_tokens_of_a_server_that_was_killed_are_removed(tmp_path: Path) -> None:
    """F54: what `kill -9` leaves is gone at the next start; while a server runs, no other takes its folder."""
    first = Sessions(tmp_path / "own")
    first.begin(User("li", Role.VIEWER), "s400_secret", 0.0)
    files = [file for file in (tmp_path / "own").rglob("*") if file.is_file() and "s400_secret" in file.read_text()]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
    with pytest.raises(BlockingIOError):
        Sessions(tmp_path / "own")
    first._lock.close()  # as the kernel does for a process that was killed
    second = Sessions(tmp_path / "own")
    assert not files[0].exists()
    second.close()


@pytest.mark.req("T4")
def test_a_session_ends_by_its_time(tmp_path: Path) -> None:
    """After twelve hours the cookie opens nothing, and the token's file is gone."""
    sessions = Sessions(tmp_path / "own")
    cookie = sessions.begin(User("li", Role.VIEWER), "t", 0.0)
    session = sessions.find(cookie, SESSION_S - 1)
    assert session is not None
    assert sessions.find(cookie, SESSION_S) is None
    assert not session.token_file.exists()
    sessions.close()


def arguments_of_children() -> str:
    """What everyone on the machine can read of the processes that this one started."""
    arguments = "".join(Path(f"/proc/{child}/cmdline").read_text() for child in children())
    assert "--token-file" in arguments
    return arguments


async def play(socket: ClientWebSocketResponse, script: Iterator[tuple[str, str]]) -> None:
    """Press each key once its text was on the screen; an empty one ends it."""
    seen = ""
    wanted, key = next(script)
    async with asyncio.timeout(30):
        while True:
            message = await socket.receive()
            seen += message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else ""
            if wanted in seen:
                if not key:
                    return
                await socket.send_json(["stdin", key])
                wanted, key = next(script)


def test_a_daemon_that_is_gone_is_said_at_the_login(tmp_path: Path) -> None:
    """Without a daemon nobody can be judged: the page says so, and lets nobody in."""

    async def go() -> None:
        served = WebConsole(tmp_path / "none", tmp_path, "127.0.0.1", port := free_port())
        async with (
            TestServer(await served._make_app(), port=port) as server,
            ClientSession() as browser,
            browser.post(server.make_url("/login"), data={"name": "li", "token": "t"}) as page,
        ):
            assert page.status == 503
            assert "does not answer" in await page.text()

    asyncio.run(go())
