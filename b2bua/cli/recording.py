"""`switch400 recording`: recorded calls (M5), listed, exported, verified, deleted when due."""

import getpass
import sys
import time
from pathlib import Path
from typing import Final

import click

from b2bua.cli.deed import copy_out, note
from b2bua.cli.place import Place, at_place
from b2bua.cli.table import Column, show_table
from b2bua.cli.when import clock
from b2bua.recordings import Recordings
from b2bua.retention import delete_due, due_ms
from b2bua.shelves import shelves_in
from b2bua.store.errors import StoreError
from routing.number import parse_400, print_number

_COLUMNS: Final = (
    Column("Call", lambda row: row[0].call_id),
    Column("When", lambda row: clock(row[0].arrived_ms)),
    Column("Number", lambda row: print_number(row[1].number) if row[1] else ""),
    Column("Caller", lambda row: print_number(row[1].caller) if row[1] else ""),
    Column("Target", lambda row: row[1].target if row[1] else ""),
    Column("Seconds", lambda row: f"{row[0].length_s:.0f}", right=True),
    Column("Kept until", lambda row: clock(due_ms(row[0].arrived_ms))),
)


@click.group()
def command() -> None:
    """List, export and verify recorded calls."""


@command.command("list")
@click.option("--number", default="", help="Calls to this 400 number.")
@at_place
def list_(number: str, place: Place) -> None:
    """The recordings that are there, oldest first."""
    records = place.open_store().records
    wanted = parse_400(number) if number else ""
    rows = ((one, records.get(one.call_id)) for one in _recordings(place).every())
    show_table(_COLUMNS, (row for row in rows if not wanted or (row[1] and row[1].number == wanted)))


@command.command()
@click.argument("call_id", metavar="CALL-ID")
@click.argument("file", type=click.Path(path_type=Path))
@at_place
def export(call_id: str, file: Path, place: Place) -> None:
    """Write the recording of a call to a new FILE: WAV, the caller left, the target right."""
    recording = _recordings(place).get(call_id)
    if not recording.is_whole:
        raise StoreError(f"the recording of call {call_id} is not whole yet; wait until the call is over and joined")
    store = place.open_store()
    record = store.records.get(recording.call_id)
    note(store, "recording-export", record.number if record else "unknown", f"{call_id} to {file}")
    copy_out(recording.files[0], file)
    click.echo(f"{file}: {recording.length_s:.0f} s")


@command.command()
@at_place
def verify(place: Place) -> None:
    """Look at every recording: readable, whole, as long as the talk, its owner's only; status 1 if one is not."""
    records = place.open_store().records
    looked = faults = 0
    for recording in _recordings(place).every():
        looked += 1
        if fault := recording.fault(records.get(recording.call_id)):
            faults += 1
            click.echo(f"{recording.call_id}: {fault}")
    click.echo(f"{looked} recordings, {faults} with a fault")
    sys.exit(1 if faults else 0)


@command.command("delete-due")
@at_place
def delete_due_(place: Place) -> None:
    """Delete what was kept for its month; a running switch does so once an hour by itself."""
    now_ms = round(time.time() * 1000)
    for recording in delete_due(_recordings(place), place.open_store(), now_ms, getpass.getuser()):
        click.echo(f"{recording.call_id}: deleted, its month ended {clock(due_ms(recording.arrived_ms))}")


def _recordings(place: Place) -> Recordings:
    folder = shelves_in(place.state).recordings
    assert folder is not None
    return Recordings(folder)
