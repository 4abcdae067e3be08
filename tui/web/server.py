"""Serves the console to browsers: each login gets a console process of its own, in the role of its user.

Rule: without a session only the login page is served. The daemon checks the name and token typed there; the console
process of the session authenticates with the same token, so that the daemon enforces the role. The token is passed to
that process in a file with mode 0600 that is deleted with the session (`tui.web.sessions`), never in an argument or a
log.
"""

import asyncio
import copy
import html
import shlex
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from tui.i18n import current_language, tr
from tui.web.login import Unreachable, user_of
from tui.web.sessions import MOST_CONSOLES, SESSION_S, Session, Sessions, TooManyConsoles

MOST_FAILURES: Final = 10
FAILURES_S: Final = 60
_COOKIE: Final = "switch400"

_PAGES: Final = Path(__file__).parent / "pages"
_NOTHING_FROM_ELSEWHERE: Final = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
"""Content-Security-Policy: pages load nothing from other hosts, and send nothing to them."""


class WebConsole(Server):
    """The console for browsers, of the daemon at `socket`. `own` is where people's keys and drafts are kept."""

    def __init__(self, socket: Path, own: Path, host: str, port: int, public_url: str | None = None) -> None:
        super().__init__("switch400", host, port, "switch400", public_url)
        self._socket = socket
        self._own = own
        self._sessions = Sessions(own / f"web-sessions-{port}")
        self._failures: deque[float] = deque(maxlen=MOST_FAILURES)

    async def on_startup(self, app: web.Application) -> None:
        """Say where it is; the base class would print its own name."""
        sys.stdout.write(f"switch400 console on {self.public_url}\n")
        sys.stdout.flush()

    async def on_shutdown(self, app: web.Application) -> None:
        """Leave no token behind."""
        self._sessions.close()

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        app.add_routes([web.get("/login", self._login_page), web.post("/login", self._login)])
        app.add_routes([web.get("/console.js", self._script)])
        app.add_routes([web.post("/logout", self._logout)])
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        # aiohttp passes what comes next by the name `handler`
        if request.path != "/login" and self._session(request) is None:
            if request.path == "/":
                raise web.HTTPSeeOther("/login")
            raise web.HTTPUnauthorized
        # another site's page may send our cookie along with its own websocket or form (RFC 6454)
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != urlsplit(self.public_url).netloc:
            raise web.HTTPForbidden
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = _NOTHING_FROM_ELSEWHERE
            response.headers["Cache-Control"] = "no-store"
        return response

    def _session(self, request: web.Request) -> Session | None:
        return self._sessions.find(request.cookies.get(_COOKIE, ""), asyncio.get_running_loop().time())

    async def _login_page(self, request: web.Request) -> web.Response:
        return _page("login", why="")

    async def _login(self, request: web.Request) -> web.StreamResponse:
        typed = await request.post()
        try:
            name, given = str(typed.get("name", "")).strip(), str(typed.get("token", "")).strip()
            user = await user_of(self._socket, name, given)
        except Unreachable as fault:
            return _page("login", 503, why=tr("web.no_daemon", why=fault))
        now_s = asyncio.get_running_loop().time()
        if user is None:
            # a right token is accepted also while wrong ones are refused for their number
            busy = len(self._failures) == MOST_FAILURES and self._failures[0] > now_s - FAILURES_S
            self._failures.append(now_s)
            if busy:
                return _page("login", 429, why=tr("web.later"))
            return _page("login", 401, why=tr("web.wrong"))
        cookie = self._sessions.begin(user, given, now_s)
        secure = self.public_url.startswith("https")
        answer = web.HTTPSeeOther("/")
        answer.set_cookie(_COOKIE, cookie, max_age=SESSION_S, httponly=True, samesite="Strict", secure=secure)
        raise answer

    async def _script(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(_PAGES / "console.js")

    async def _logout(self, request: web.Request) -> web.StreamResponse:
        self._sessions.end(request.cookies.get(_COOKIE, ""))
        raise web.HTTPSeeOther("/login")

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page with the console; it is our own, because the library's page loads a font from another host."""
        scheme = "wss" if self.public_url.startswith("https") else "ws"
        return _page("console", socket=f"{urlsplit(self.public_url)._replace(scheme=scheme).geturl()}/ws")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A console process for this person, until the session or the browser ends it."""
        session = self._session(request)
        if session is None:
            raise web.HTTPUnauthorized
        user = session.user
        arguments = ["--socket", self._socket, "--lang", current_language(), "--own", self._own / "web" / user.name]
        arguments += ["--who", user.name, "--token-file", session.token_file]
        mine = copy.copy(self)
        mine.command = shlex.join([sys.executable, "-m", "tui", *map(str, arguments)])
        try:
            with self._sessions.console(session):
                return await Server.handle_websocket(mine, request)
        except TooManyConsoles as fault:
            raise web.HTTPTooManyRequests(text=tr("web.consoles", most=MOST_CONSOLES)) from fault


def _page(name: str, status: int = 200, **texts: str) -> web.Response:
    """A page of ours, with these texts and those of the language spoken."""
    words = {key: tr(f"web.{key}") for key in ("lang", "name", "token", "enter", "ended", "again", "leave")}
    page = Template((_PAGES / f"{name}.html").read_text("utf-8"))
    filled = page.substitute({key: html.escape(text) for key, text in (words | texts).items()})
    return web.Response(text=filled, content_type="text/html", status=status)
