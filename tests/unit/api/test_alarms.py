"""The alarms that stand, as an operation and as a command."""

from pathlib import Path

import pytest
import trio
from click.testing import CliRunner

from b2bua.api.alarms import AlarmOperations
from b2bua.api.dispatch import Asker, Dispatcher
from b2bua.api.requests.alarms import ListAlarms
from b2bua.cli import main
from b2bua.console.protocol import Role
from b2bua.control.server import Control, listen
from b2bua.monitoring.feed_publisher import FeedPublisher


@pytest.mark.req("T4")
async def test_alarms_that_stand_are_listed_until_they_are_over(tmp_path: Path) -> None:
    """A viewer is told of each that stands, by the operation and by the command, and of none that is over."""
    publisher = FeedPublisher()
    dispatcher = Dispatcher(AlarmOperations(publisher))
    publisher.raise_alarm("trunk-down", "unicom", "no answer to OPTIONS")
    publisher.raise_alarm("disk", "/var", "1 MB is free")
    publisher.clear_alarm("disk", "/var")
    listed = await dispatcher.perform(ListAlarms(), Asker("li", Role.VIEWER))
    assert [(alarm.slug, alarm.subject, alarm.text) for alarm in listed.rows] == [
        ("trunk-down", "unicom", "no answer to OPTIONS")
    ]
    async with trio.open_nursery() as nursery:
        await nursery.start(Control(publisher.feed, dispatcher).serve, listen(tmp_path / "control.sock"))
        words = ["alarms", "--state", str(tmp_path)]
        shown = await trio.to_thread.run_sync(lambda: CliRunner().invoke(main, words, catch_exceptions=False))
        nursery.cancel_scope.cancel()
    assert "no answer to OPTIONS" in shown.output
    assert "/var" not in shown.output
