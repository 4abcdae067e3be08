"""A plan handed in on the command line while a daemon runs goes to the daemon, so that it learns at once."""

from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from click.testing import CliRunner, Result

from b2bua.api.verbs import Operator, Refusal, Verb
from b2bua.base.errors import NotFound
from b2bua.cli import main
from b2bua.console import protocol
from b2bua.console.feed import Feed
from b2bua.control import server
from b2bua.store.numbers import NumberState
from b2bua.store.store import Store
from routing.document import PlanFaults
from routing.ids import Number400
from tests.support.samples import document


@attrs.define
class Daemon:
    """The verbs as a daemon answers them; `heard` are those it was asked, by whom."""

    store: Store
    heard: list[tuple[str, str]] = attrs.field(factory=list)

    async def publish(self, args: dict[str, Any], who: Operator) -> None:
        """`plan.publish`."""
        self.heard.append(("plan.publish", who.name))
        try:
            self.store.plans.publish(args["documents"], sources=args["sources"], author=who.name, note=args["note"])
        except PlanFaults as error:
            faults = tuple(protocol.Fault(fault.path, fault.problem, fault.mend) for fault in error.faults)
            raise Refusal("the plans have faults", faults) from error

    async def restore(self, args: dict[str, Any], who: Operator) -> None:
        """`plan.restore`."""
        self.heard.append(("plan.restore", who.name))
        try:
            self.store.plans.restore(args["number"], args["version"], author=who.name, note=args["note"])
        except NotFound as error:
            raise Refusal(str(error)) from error

    async def state(self, args: dict[str, Any], who: Operator) -> None:
        """`number.state`."""
        self.heard.append(("number.state", who.name))
        self.store.plans.set_state(args["number"], NumberState(args["state"]), who=who.name)

    def verbs(self) -> dict[str, Verb]:
        """By name."""
        return {
            "plan.publish": self.publish,
            "plan.restore": self.restore,
            "number.state": self.state,
        }


async def run(state: Path, *arguments: str) -> Result:
    """Run a command in a thread, as its own process would."""
    words = [*arguments, "--state", str(state)]
    return await trio.to_thread.run_sync(lambda: CliRunner().invoke(main, words, catch_exceptions=False))


@pytest.mark.req("S4", "R11")
async def test_the_daemon_is_asked(tmp_path: Path) -> None:
    """Publishing, restoring and suspending are asked of the running daemon, in the author's name."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(document(), encoding="utf-8")
    daemon = Daemon(Store.open(tmp_path / "switch400.db", tmp_path / "spool"))
    async with trio.open_nursery() as nursery:
        listener = server.listen(tmp_path / "control.sock")
        await nursery.start(server.Control(Feed(), daemon.verbs()).serve, listener)
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
    assert [verb for verb, _ in daemon.heard] == ["plan.publish"] * 3 + ["plan.restore", "number.state"]
    assert [who.split()[0] for _, who in daemon.heard[:4]] == ["li", "li", "li", "wang"]
    assert daemon.store.plans.live(Number400("4006001234")).state is NumberState.SUSPENDED
    daemon.store.close()


async def test_a_socket_left_behind_is_no_daemon(tmp_path: Path) -> None:
    """After a daemon was killed its socket is still there; the store is then written directly."""
    listener = server.listen(tmp_path / "control.sock")
    listener.close()
    good = tmp_path / "good.toml"
    good.write_text(document(), encoding="utf-8")
    assert "version 1 is live" in (await run(tmp_path, "plan", "publish", str(good))).output
