"""Hanging up a call from the console: ask, do, and say how it went.

Rule: the question names the call; whether it may be done is the daemon's to say.
"""

from typing import Any

from textual.app import App

from b2bua.api.requests.calls import HangUp
from b2bua.console.protocol import Row
from routing.ids import CallId
from tui.board import Board, NotDone
from tui.i18n import say
from tui.screens.confirm import Confirm


def confirm_hangup(app: App[Any], board: Board, call_id: str, row: Row) -> None:
    """Ask, and hang the call up on yes."""

    def answered(yes: bool | None) -> None:
        if yes:
            app.run_worker(_hang_up(app, board, call_id), group="hangup")

    caller = row["caller"] or say("calls.unknown_caller")
    app.push_screen(Confirm(say("ask.hangup", caller=caller, number=row["number"])), answered)


async def _hang_up(app: App[Any], board: Board, call_id: str) -> None:
    try:
        await board.ask(HangUp(CallId(call_id)))
    except NotDone as refusal:
        app.notify(str(refusal), severity="error", markup=False)
    else:
        app.notify(say("calls.hung_up"))
