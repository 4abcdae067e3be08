"""Hangs up a call from the console, after a confirmation, and shows the result.

Rule: the question names the call; the daemon checks whether the user may do it.
"""

from textual.app import App

from b2bua.api.requests.calls import HangUp
from b2bua.console.protocol import Row
from routing.ids import CallId
from tui.i18n import tr
from tui.model import ConsoleModel, NotDone
from tui.screens.confirm import Confirm


def confirm_hangup(app: App[object], model: ConsoleModel, call_id: str, row: Row) -> None:
    """Ask, and hang the call up on yes."""

    def answered(yes: bool | None) -> None:
        if yes:
            app.run_worker(_hang_up(app, model, call_id), group="hangup")

    caller = row["caller"] or tr("calls.unknown_caller")
    app.push_screen(Confirm(tr("ask.hangup", caller=caller, number=row["number"])), answered)


async def _hang_up(app: App[object], model: ConsoleModel, call_id: str) -> None:
    try:
        await model.ask(HangUp(CallId(call_id)))
    except NotDone as refusal:
        app.notify(str(refusal), severity="error", markup=False)
    else:
        app.notify(tr("calls.hung_up"))
