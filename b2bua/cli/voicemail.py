"""`switch400 voicemail`: list, fetch, mark and delete the messages that callers left (M4).

Rule: a message that was fetched counts as read; a fetch or a deletion is written in the audit trail before it is done.
"""

from pathlib import Path
from typing import Final

import click

from b2bua.api.requests.fields import MOST_ROWS
from b2bua.api.requests.voicemail import DeleteMessages, ListMessages, MarkMessages
from b2bua.cli.ask import ask, note
from b2bua.cli.locations import Locations, with_locations
from b2bua.cli.sound_file import save_sound
from b2bua.cli.table import Column, show_table
from b2bua.cli.times import clock
from b2bua.media.messages import CHANNELS, Messages
from b2bua.media.paths import media_paths
from routing.ids import CallId
from routing.number import parse_400

_COLUMNS: Final = (
    Column("", lambda row: "" if row.read_ms else "new"),
    Column("Call", lambda row: row.call_id),
    Column("When", lambda row: clock(row.arrived_ms)),
    Column("Number", lambda row: row.number),
    Column("Mailbox", lambda row: row.mailbox),
    Column("Caller", lambda row: row.caller),
    Column("Seconds", lambda row: f"{row.length_s:.0f}", right=True),
    Column("Read", lambda row: f"{clock(row.read_ms)} {row.read_by}" if row.read_ms else ""),
)


@click.group()
def command() -> None:
    """List, fetch, mark and delete voicemail messages."""


@command.command("list")
@click.option("--number", default="", help="Left for this 400 number.")
@click.option("--mailbox", default="", help="Left in this mailbox of a plan.")
@click.option("--new", is_flag=True, help="Only those that nobody has read.")
@with_locations
def list_(number: str, mailbox: str, new: bool, locations: Locations) -> None:
    """The messages that are there, oldest first."""
    found = ask(locations, ListMessages(parse_400(number) if number else None, mailbox, new, MOST_ROWS))
    show_table(_COLUMNS, reversed(found.rows))
    if found.more:
        click.echo(f"the newest {MOST_ROWS}; fewer with --number", err=True)


@command.command("play-to")
@click.argument("call_id", metavar="CALL-ID")
@click.argument("file", type=click.Path(path_type=Path))
@with_locations
def play_to(call_id: str, file: Path, locations: Locations) -> None:
    """Write the message of a call to a new FILE (WAV), and mark it as read.

    One that is sealed needs `--config`, which names the keys.
    """
    message, keys, store = _messages(locations).get(call_id), locations.keyring(), locations.open_store()
    note(store, "voicemail.fetch", message.number, {"call_id": call_id, "file": str(file)})
    click.echo(save_sound(message.sound(keys), CHANNELS, file))
    ask(locations, MarkMessages((message.call_id,)))


@command.command()
@click.argument("call_ids", metavar="CALL-ID…", nargs=-1, required=True)
@click.option("--read/--new", default=True, help="As read (the default), or as new again.")
@with_locations
def mark(call_ids: tuple[str, ...], read: bool, locations: Locations) -> None:
    """Mark the messages of calls as read, or as new."""
    done = ask(locations, MarkMessages(tuple(map(CallId, call_ids)), read))
    click.echo(f"{done.marked} marked as {'read' if read else 'new'}")


@command.command()
@click.argument("call_ids", metavar="CALL-ID…", nargs=-1, required=True)
@with_locations
def delete(call_ids: tuple[str, ...], locations: Locations) -> None:
    """Delete the messages of calls, for good."""
    ask(locations, DeleteMessages(tuple(map(CallId, call_ids))))
    for call_id in call_ids:
        click.echo(f"{call_id}: deleted")


def _messages(locations: Locations) -> Messages:
    folder = media_paths(locations.state).messages
    assert folder is not None
    return Messages(folder)
