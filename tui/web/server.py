"""Serves the console to browsers: log in, and get a console process of one's own in one's own role.

Rule: without a session nothing is served but the login page; the role is given to the console process, which asks the
daemon for no more, so that it is the daemon that holds it.
"""

import asyncio
import copy
import html
import secrets
import shlex
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs
from aiohttp import web
from textual_serve.server import Server

from tui.say import say
from tui.web.users import User, Users

SESSION_S: Final = 12 * 3600
MOST_FAILURES: Final = 10
FAILURES_S: Final = 60
_COOKIE: Final = "switch400"

_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>switch400</title>
<meta name="viewport" content="width=device-width">
<style>body{{background:#0d1117;color:#d5dbe3;font:16px sans-serif;display:grid;place-items:center;height:90vh}}
form{{display:grid;gap:.7em;min-width:16em}}input,button{{font:inherit;padding:.5em;border-radius:4px;border:1px solid
#444c56;
background:#1c2430;color:inherit}}button{{background:#6cb6ff;color:#0d1117}}p{{color:#ff7b72;min-height:1.2em;margin:0}}</style>
<form method="post" action="/login"><h1>switch400</h1><p>{why}</p> <input name="name" placeholder="{name}"
autocomplete="username" autofocus required> <input name="password" type="password" placeholder="{password}"
autocomplete="current-password" required>
<button>{enter}</button></form></html>"""


@attrs.frozen
class Session:
    """A person who has logged in; `until_s` is on the monotonic clock."""

    user: User
    until_s: float


class WebConsole(Server):
    """The console for browsers. `arguments` are those of `python -m tui` that all sessions share."""

    def __init__(
        self, users: Users, arguments: list[str], own: Path, host: str, port: int, public_url: str | None = None
    ) -> None:
        super().__init__("switch400", host, port, "switch400", public_url)
        self._users = users
        self._arguments = arguments
        self._own = own
        self._sessions: dict[str, Session] = {}
        self._failures: deque[float] = deque(maxlen=MOST_FAILURES)

    async def on_startup(self, app: web.Application) -> None:
        """Say where it is; the base class would print its own name."""
        sys.stdout.write(f"switch400 console on {self.public_url}\n")
        sys.stdout.flush()

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        app.add_routes([web.get("/login", self._login_page), web.post("/login", self._login)])
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
            response.headers["X-Frame-Options"] = "DENY"
            response.headers["Cache-Control"] = "no-store"
        return response

    def _session(self, request: web.Request) -> Session | None:
        session = self._sessions.get(request.cookies.get(_COOKIE, ""))
        return session if session is not None and session.until_s > time.monotonic() else None

    async def _login_page(self, request: web.Request) -> web.Response:
        return self._page("")

    async def _login(self, request: web.Request) -> web.StreamResponse:
        typed = await request.post()
        now_s = time.monotonic()
        if len(self._failures) == MOST_FAILURES and self._failures[0] > now_s - FAILURES_S:
            return self._page(say("web.later"), 429)
        name, password = str(typed.get("name", "")), str(typed.get("password", ""))
        user = await asyncio.to_thread(self._users.known, name, password)
        if user is None:
            self._failures.append(now_s)
            return self._page(say("web.wrong"), 401)
        token = secrets.token_urlsafe(32)
        self._sessions = {key: kept for key, kept in self._sessions.items() if kept.until_s > now_s}
        self._sessions[token] = Session(user, now_s + SESSION_S)
        secure = self.public_url.startswith("https")
        answer = web.HTTPSeeOther("/")
        answer.set_cookie(_COOKIE, token, max_age=SESSION_S, httponly=True, samesite="Strict", secure=secure)
        raise answer

    async def _logout(self, request: web.Request) -> web.StreamResponse:
        self._sessions.pop(request.cookies.get(_COOKIE, ""), None)
        raise web.HTTPSeeOther("/login")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A console process for this person, in this person's role."""
        session = self._session(request)
        if session is None:
            raise web.HTTPUnauthorized
        user = session.user
        own = ["--own", str(self._own / "web" / user.name)]
        mine = copy.copy(self)
        mine.command = shlex.join(
            [sys.executable, "-m", "tui", *self._arguments, "--role", user.role, "--who", user.name, *own]
        )
        return await Server.handle_websocket(mine, request)

    def _page(self, why: str, status: int = 200) -> web.Response:
        words = {key: html.escape(say(f"web.{key}")) for key in ("lang", "name", "password", "enter")}
        return web.Response(text=_PAGE.format(why=html.escape(why), **words), content_type="text/html", status=status)
