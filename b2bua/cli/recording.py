"""`switch400 recording`: list, export, verify and delete recordings (M5), and make the key that seals them.

Rule: an export or a deletion is written in the audit trail before it is done.
"""

import getpass
import sys
import time
from pathlib import Path
from typing import Final

import click

from b2bua.api.requests.fields import MOST_ROWS
from b2bua.api.requests.recordings import ListRecordings
from b2bua.base.errors import StoreError
from b2bua.cli.ask import ask, note
from b2bua.cli.failures import reported_failures
from b2bua.cli.locations import Locations, with_locations
from b2bua.cli.sound_file import save_sound
from b2bua.cli.table import Column, show_table
from b2bua.cli.times import clock
from b2bua.jobs.retention import delete_due
from b2bua.media.keys import make_key
from b2bua.media.paths import media_paths
from b2bua.media.recordings import CHANNELS, Recordings
from routing.number import parse_400

_COLUMNS: Final = (
    Column("Call", lambda row: row.call_id),
    Column("When", lambda row: clock(row.arrived_ms)),
    Column("Number", lambda row: row.number),
    Column("Caller", lambda row: row.caller),
    Column("Target", lambda row: row.target),
    Column("Seconds", lambda row: f"{row.length_s:.0f}", right=True),
    Column("Kept until", lambda row: clock(row.kept_until_ms)),
    Column("Sealed", lambda row: "yes" if row.sealed else ""),
)


@click.group()
def command() -> None:
    """List, export and verify recorded calls."""


@command.command("list")
@click.option("--number", default="", help="Calls to this 400 number.")
@with_locations
def list_(number: str, locations: Locations) -> None:
    """The recordings that are there, oldest first."""
    found = ask(locations, ListRecordings(parse_400(number) if number else None, MOST_ROWS))
    show_table(_COLUMNS, reversed(found.rows))
    if found.more:
        click.echo(f"the newest {MOST_ROWS}; fewer with --number", err=True)


@command.command()
@click.argument("call_id", metavar="CALL-ID")
@click.argument("file", type=click.Path(path_type=Path))
@with_locations
def export(call_id: str, file: Path, locations: Locations) -> None:
    """Write the recording of a call to a new FILE: WAV, the caller left, the target right.

    One that is sealed needs `--config`, which names the keys.
    """
    recording, keys, store = _recordings(locations).get(call_id), locations.keyring(), locations.open_store()
    record = store.records.get(recording.call_id)
    if record and record.ended_ms is None:
        raise StoreError(f"the call {call_id} is still up; wait until it is over")
    note(store, "recording.export", record.number if record else "unknown", {"call_id": call_id, "file": str(file)})
    click.echo(save_sound(recording.sound(keys), CHANNELS, file))


@command.command()
@with_locations
def verify(locations: Locations) -> None:
    """Check every recording: unchanged, complete, as long as its record says, readable by its owner only.

    Status 1 if one has a fault. Sealed ones need `--config`, which names the keys. A recording that was cut off because
    its call process died is no fault.
    """
    records, keys = locations.open_store().records, locations.keyring()
    looked = faults = 0
    for recording in _recordings(locations).every():
        looked += 1
        if fault := recording.fault(records.get(recording.call_id), keys):
            faults += 1
            click.echo(f"{recording.call_id}: {fault}")
    click.echo(f"{looked} recordings, {faults} with a fault")
    sys.exit(1 if faults else 0)


@command.command("delete-due")
@with_locations
def delete_due_(locations: Locations) -> None:
    """Delete the recordings whose time is over; a running switch does so every ten minutes by itself."""
    now_ms = round(time.time() * 1000)
    for recording in delete_due(_recordings(locations), locations.open_store(), now_ms, getpass.getuser()):
        click.echo(f"{recording.call_id}: deleted, its time is over")


@command.command("new-key")
@click.argument("file", type=click.Path(path_type=Path))
def new_key(file: Path) -> None:
    """Make a key in a new FILE (mode 0600), for `keeping.key` in the configuration.

    Back it up, apart from the recordings: without it they are lost. To change keys, name the one before in
    `keeping.old_keys`, and restart the switch.
    """
    with reported_failures():
        key = make_key(file)
    click.echo(f"{file}: key {key.name.hex()}")


def _recordings(locations: Locations) -> Recordings:
    folder = media_paths(locations.state).recordings
    assert folder is not None
    return Recordings(folder)
