"""`switch400 alarms`: the alarms that are active now."""

from typing import Final

import click

from b2bua.api.requests.alarms import ListAlarms
from b2bua.cli.ask import ask
from b2bua.cli.locations import Locations, with_locations
from b2bua.cli.table import Column, show_table
from b2bua.cli.times import clock

_COLUMNS: Final = (
    Column("Since", lambda alarm: clock(alarm.since_ms)),
    Column("Level", lambda alarm: alarm.level),
    Column("Alarm", lambda alarm: alarm.slug),
    Column("Of", lambda alarm: alarm.subject),
    Column("What", lambda alarm: alarm.text),
)


@click.command()
@with_locations
def command(locations: Locations) -> None:
    """List the active alarms, oldest first."""
    show_table(_COLUMNS, ask(locations, ListAlarms()).rows)
