"""`switch400 voicemail`: messages that callers left (M4), listed, fetched, deleted."""

from pathlib import Path
from typing import Final

import click

from b2bua.cli.deed import copy_out, note
from b2bua.cli.place import Place, at_place
from b2bua.cli.table import Column, show_table
from b2bua.cli.when import clock
from b2bua.messages import Messages
from b2bua.shelves import shelves_in
from routing.number import parse_400, print_400, print_number

_COLUMNS: Final = (
    Column("Call", lambda row: row[0].call_id),
    Column("When", lambda row: clock(row[0].arrived_ms)),
    Column("Number", lambda row: print_400(row[0].number)),
    Column("Mailbox", lambda row: row[0].mailbox),
    Column("Caller", lambda row: print_number(row[1].caller) if row[1] else ""),
    Column("Seconds", lambda row: f"{row[0].length_s:.0f}", right=True),
)


@click.group()
def command() -> None:
    """List, fetch and delete voicemail messages."""


@command.command("list")
@click.option("--number", default="", help="Left for this 400 number.")
@click.option("--mailbox", default="", help="Left in this mailbox of a plan.")
@at_place
def list_(number: str, mailbox: str, place: Place) -> None:
    """The messages that are there, oldest first."""
    records = place.open_store().records
    found = _messages(place).every(parse_400(number) if number else "", mailbox)
    show_table(_COLUMNS, ((one, records.get(one.call_id)) for one in found))


@command.command("play-to")
@click.argument("call_id", metavar="CALL-ID")
@click.argument("file", type=click.Path(path_type=Path))
@at_place
def play_to(call_id: str, file: Path, place: Place) -> None:
    """Write the message of a call to a new FILE (WAV)."""
    message = _messages(place).get(call_id)
    note(place.open_store(), "message-fetch", message.number, f"{call_id} to {file}")
    copy_out(message.path, file)
    click.echo(f"{file}: {message.length_s:.0f} s")


@command.command()
@click.argument("call_ids", metavar="CALL-ID…", nargs=-1, required=True)
@at_place
def delete(call_ids: tuple[str, ...], place: Place) -> None:
    """Delete the messages of calls, for good."""
    messages = [_messages(place).get(call_id) for call_id in call_ids]
    store = place.open_store()
    for message in messages:
        note(store, "message-delete", message.number, f"{message.call_id} in {message.mailbox}")
        message.path.unlink()
        click.echo(f"{message.call_id}: deleted")


def _messages(place: Place) -> Messages:
    folder = shelves_in(place.state).messages
    assert folder is not None
    return Messages(folder)
