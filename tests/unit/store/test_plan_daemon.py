"""A plan handed in on the command line while a daemon runs goes to the daemon, so that it learns at once."""

from pathlib import Path
from typing import TypeVar

import pytest
import trio
from click.testing import CliRunner, Result

from b2bua.api.dispatch import Asker, Dispatcher
from b2bua.api.plans_in_force import PlansInForce
from b2bua.api.requests.operation import Operation
from b2bua.api.stored import stored_operations
from b2bua.cli import main
from b2bua.console.feed import Feed
from b2bua.control import server
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.number_stats import NumberStats
from b2bua.store.numbers import NumberState
from b2bua.store.store import Store
from routing.ids import Number400
from tests.support.samples import document

R = TypeVar("R")


class Recorded(Dispatcher):
    """The real operations over a store; `heard` are those that were asked for, by whom."""

    def __init__(self, store: Store, state: Path) -> None:
        in_force = PlansInForce(store.plans, {}, NumberStats(Feed(), {}))
        super().__init__(*stored_operations(store, state, {}, in_force, FeedPublisher()))
        self.store = store
        self.heard: list[tuple[str, str]] = []

    async def perform(self, request: Operation[R], asker: Asker) -> R:
        """Do it, and remember who asked."""
        self.heard.append((request.NAME, asker.name))
        return await super().perform(request, asker)


async def run(state: Path, *arguments: str) -> Result:
    """Run a command in a thread, as its own process would."""
    words = [*arguments, "--state", str(state)]
    return await trio.to_thread.run_sync(lambda: CliRunner().invoke(main, words, catch_exceptions=False))


@pytest.mark.req("S4", "R11")
async def test_the_daemon_is_asked(tmp_path: Path) -> None:
    """Publishing, restoring and suspending are asked of the running daemon, in the author's name."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(document(), encoding="utf-8")
    daemon = Recorded(Store.open(tmp_path / "switch400.db", tmp_path / "spool"), tmp_path)
    async with trio.open_nursery() as nursery:
        listener = server.listen(tmp_path / "control.sock")
        await nursery.start(server.Control(Feed(), daemon).serve, listener)
        published = await run(tmp_path, "plan", "publish", str(good), "--author", "li")
        assert "400-600-1234: version 1 is live" in published.output
        again = await run(tmp_path, "plan", "publish", str(good), "--author", "li")
        assert "is live already, as version 1" in again.output
        bad.write_text("surprise = 1\n", encoding="utf-8")
        refused = await run(tmp_path, "plan", "publish", str(bad), "--author", "li")
        assert refused.exit_code == 1
        assert refused.stderr.startswith(f"{bad}: ")
        good.write_text(document(target="138 0013 8000"), encoding="utf-8")
        await run(tmp_path, "plan", "publish", str(good), "--author", "li")
        restored = await run(tmp_path, "plan", "restore", "4006001234", "1", "--author", "wang")
        assert "version 3 is live" in restored.output
        suspended = await run(tmp_path, "number", "suspend", "4006001234")
        assert suspended.output == "400-600-1234 is suspended\n"
        nursery.cancel_scope.cancel()
    assert [verb for verb, _ in daemon.heard] == ["plan.publish"] * 4 + ["plan.restore", "number.state"]
    assert [who.split()[0] for _, who in daemon.heard[:5]] == ["li"] * 4 + ["wang"]
    assert daemon.store.plans.live(Number400("4006001234")).state is NumberState.SUSPENDED
    daemon.store.close()


async def test_a_socket_left_behind_is_no_daemon(tmp_path: Path) -> None:
    """After a daemon was killed its socket is still there; the store is then written directly."""
    listener = server.listen(tmp_path / "control.sock")
    listener.close()
    good = tmp_path / "good.toml"
    good.write_text(document(), encoding="utf-8")
    assert "version 1 is live" in (await run(tmp_path, "plan", "publish", str(good))).output
