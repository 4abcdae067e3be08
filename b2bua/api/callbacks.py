"""Missed calls over the control protocol: the list to call back from, and closing one by hand (P4, `b2bua.api.verbs`).

Rule: closing is refused when it is closed already, so that two people do not call the same caller.
"""

from typing import Any, Final

import trio

from b2bua.api.call_search import answer, found_row, query_of
from b2bua.api.verbs import Operator, Refusal, Verb
from b2bua.base.clock import now_ms
from b2bua.base.errors import StoreError
from b2bua.console.rows import Level
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.missed import MissedCalls
from routing.ids import CallId

Args = dict[str, Any]
MOST_NOTE: Final = 2000
"""Characters of a note."""


class Callbacks:
    """Verbs about missed calls."""

    def __init__(self, missed: MissedCalls, live: FeedPublisher) -> None:
        self._missed = missed
        self._live = live

    def verbs(self) -> dict[str, Verb]:
        """These verbs."""
        return {
            "missed.list": self._list,
            "missed.close": self._close,
        }

    async def _list(self, args: Args, _: Operator) -> Any:
        query = query_of(args)
        waiting = not args.get("all")
        found = await trio.to_thread.run_sync(lambda: self._missed.find(query, waiting=waiting))
        rows = [found_row(each.record, missed=True, closing=each.closing) for each in found]
        return answer(rows, query)

    async def _close(self, args: Args, who: Operator) -> None:
        call_id, text = CallId(str(args.get("call_id", ""))), str(args.get("note", "")).strip()
        if not text:
            raise Refusal("say in the note what was done about the call")
        if len(text) > MOST_NOTE:
            raise Refusal(f"the note has {len(text)} characters; at most {MOST_NOTE} are kept")
        try:
            await trio.to_thread.run_sync(self._missed.close, call_id, who.name, text, now_ms())
        except StoreError as error:
            raise Refusal(str(error)) from error
        self._live.log(Level.NOTE, "missed-closed", text, call_id=call_id, who=who.name)
