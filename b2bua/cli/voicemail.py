"""`switch400 voicemail`: messages that callers left (M4), listed, fetched, marked, deleted.

Rule: a message that was fetched is read; what leaves the switch, and what is deleted, is in the audit trail before.
"""

import getpass
import time
from pathlib import Path
from typing import Final

import click

from b2bua.api.kept import delete_message
from b2bua.cli.deed import note, save_sound
from b2bua.cli.place import Place, at_place
from b2bua.cli.table import Column, show_table
from b2bua.cli.when import clock
from b2bua.media.messages import CHANNELS, Messages, VoiceMessage
from b2bua.media.paths import media_paths
from b2bua.store.store import Store
from routing.number import parse_400, print_400, print_number

_COLUMNS: Final = (
    Column("", lambda row: "" if row[2] and row[2].read_ms else "new"),
    Column("Call", lambda row: row[0].call_id),
    Column("When", lambda row: clock(row[0].arrived_ms)),
    Column("Number", lambda row: print_400(row[0].number)),
    Column("Mailbox", lambda row: row[0].mailbox),
    Column("Caller", lambda row: print_number(row[1].caller) if row[1] else ""),
    Column("Seconds", lambda row: f"{row[0].length_s:.0f}", right=True),
    Column("Read", lambda row: f"{clock(row[2].read_ms)} {row[2].read_by}" if row[2] and row[2].read_ms else ""),
)


@click.group()
def command() -> None:
    """List, fetch, mark and delete voicemail messages."""


@command.command("list")
@click.option("--number", default="", help="Left for this 400 number.")
@click.option("--mailbox", default="", help="Left in this mailbox of a plan.")
@click.option("--new", is_flag=True, help="Only those that nobody has read.")
@at_place
def list_(number: str, mailbox: str, new: bool, place: Place) -> None:
    """The messages that are there, oldest first."""
    store = place.open_store()
    marks = store.mailboxes.marks()
    found = _messages(place).every(parse_400(number) if number else "", mailbox)
    rows = ((one, store.records.get(one.call_id), marks.get(one.call_id)) for one in found)
    show_table(_COLUMNS, (row for row in rows if not (new and row[2] and row[2].read_ms)))


@command.command("play-to")
@click.argument("call_id", metavar="CALL-ID")
@click.argument("file", type=click.Path(path_type=Path))
@at_place
def play_to(call_id: str, file: Path, place: Place) -> None:
    """Write the message of a call to a new FILE (WAV), and mark it as read.

    One that is sealed needs `--config`, which names the keys.
    """
    message, keys, store = _messages(place).get(call_id), place.keyring(), place.open_store()
    note(store, "message-fetch", message.number, f"{call_id} to {file}")
    click.echo(save_sound(message.sound(keys), CHANNELS, file))
    _mark(store, [message], read=True)


@command.command()
@click.argument("call_ids", metavar="CALL-ID…", nargs=-1, required=True)
@click.option("--read/--new", default=True, help="As read (the default), or as new again.")
@at_place
def mark(call_ids: tuple[str, ...], read: bool, place: Place) -> None:
    """Mark the messages of calls as read, or as new."""
    messages = [_messages(place).get(call_id) for call_id in call_ids]
    _mark(place.open_store(), messages, read=read)
    click.echo(f"{len(messages)} marked as {'read' if read else 'new'}")


@command.command()
@click.argument("call_ids", metavar="CALL-ID…", nargs=-1, required=True)
@at_place
def delete(call_ids: tuple[str, ...], place: Place) -> None:
    """Delete the messages of calls, for good."""
    messages = [_messages(place).get(call_id) for call_id in call_ids]
    store = place.open_store()
    for message in messages:
        delete_message(store, message, getpass.getuser())
        click.echo(f"{message.call_id}: deleted")


def _mark(store: Store, messages: list[VoiceMessage], *, read: bool) -> None:
    pairs = [(one.call_id, one.number) for one in messages]
    store.mailboxes.mark(pairs, getpass.getuser(), round(time.time() * 1000), read=read)


def _messages(place: Place) -> Messages:
    folder = media_paths(place.state).messages
    assert folder is not None
    return Messages(folder)
