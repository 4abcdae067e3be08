"""`switch400 alarms`: what wants a person now."""

from typing import Final

import click

from b2bua.api.requests.alarms import ListAlarms
from b2bua.cli.ask import ask
from b2bua.cli.place import Place, at_place
from b2bua.cli.table import Column, show_table
from b2bua.cli.when import clock

_COLUMNS: Final = (
    Column("Since", lambda alarm: clock(alarm.since_ms)),
    Column("Level", lambda alarm: alarm.level),
    Column("Alarm", lambda alarm: alarm.slug),
    Column("Of", lambda alarm: alarm.subject),
    Column("What", lambda alarm: alarm.text),
)


@click.command()
@at_place
def command(place: Place) -> None:
    """List the alarms that stand, those that have stood longest first."""
    show_table(_COLUMNS, ask(place, ListAlarms()).rows)
