"""`switch400 prompt`: add, list and remove the prompts of a 400 number (M1).

Rule: a prompt is in effect for the next call; a call that plays the old one plays it to its end.
"""

from pathlib import Path
from typing import Final

import click

from b2bua.base.errors import NotFound
from b2bua.cli.ask import note
from b2bua.cli.locations import Locations, with_locations
from b2bua.cli.table import Column, show_table
from b2bua.cli.times import clock
from b2bua.media.paths import media_paths
from b2bua.media.prompts.conversion import convert, silences_s
from b2bua.media.prompts.library import Library
from b2bua.media.prompts.loudness import loudness_lufs
from b2bua.media.prompts.uploads import Uploads
from b2bua.media.prompts.wav import RATE_HZ, read_wav
from routing.ids import PromptName
from routing.number import parse_400, print_400

_LONG_SILENCE_S: Final = 1.0

_COLUMNS: Final = (
    Column("Number", lambda upload: print_400(upload.number)),
    Column("Prompt", lambda upload: upload.name),
    Column("Seconds", lambda upload: f"{upload.length_s:.1f}", right=True),
    Column("Version", lambda upload: str(upload.version), right=True),
    Column("Since", lambda upload: clock(upload.since_ms)),
)


@click.group()
def command() -> None:
    """Add, list and remove prompts."""


@command.command()
@click.argument("number")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@with_locations
def add(number: str, name: str, file: Path, locations: Locations) -> None:
    """Make FILE (WAV, MP3, OGG or FLAC, up to 5 minutes) the prompt NAME of NUMBER.

    It becomes 8 kHz mono at the usual loudness, and is heard from the next call on; the old one is kept.
    """
    mine = parse_400(number)
    samples = convert(file)
    store = locations.open_store(create=True)
    upload = _uploads(locations).add(mine, name, samples)
    note(store, "prompt.add", mine, {"name": name, "version": upload.version})
    click.echo(
        f"{print_400(mine)}: “{name}”, {upload.length_s:.1f} s, {loudness_lufs(samples, RATE_HZ):.1f} LUFS, "
        f"version {upload.version}; heard from the next call on"
    )
    for where, silence_s in zip(("begins", "ends"), silences_s(samples), strict=True):
        if silence_s > _LONG_SILENCE_S:
            click.echo(f"it {where} with {silence_s:.1f} s of silence", err=True)


@command.command("list")
@click.argument("number", default="")
@with_locations
def list_(number: str, locations: Locations) -> None:
    """The uploaded prompts of NUMBER (default: of all numbers)."""
    show_table(_COLUMNS, _uploads(locations).every(parse_400(number) if number else None))


@command.command("play-info")
@click.argument("name")
@click.option("--number", default="400-000-0000", help="As callers of this 400 number would hear it.")
@with_locations
def play_info(name: str, number: str, locations: Locations) -> None:
    """Show which files are played for NAME, with their length and loudness."""
    sounds = Library(media_paths(locations.state).prompts, parse_400(number)).sounds(PromptName(name))
    if not sounds:
        raise NotFound(f"there is no prompt “{name}”, built in or uploaded")
    for sound in sounds:
        click.echo(f"{sound.path}: {sound.length_s:.1f} s, {loudness_lufs(read_wav(sound.path), RATE_HZ):.1f} LUFS")


@command.command()
@click.argument("number")
@click.argument("name")
@with_locations
def remove(number: str, name: str, locations: Locations) -> None:
    """Remove the prompt NAME of NUMBER; a built-in one of that name is heard again. The file is kept as a version."""
    mine = parse_400(number)
    store = locations.open_store(create=True)
    kept = _uploads(locations).remove(mine, name)
    note(store, "prompt.remove", mine, {"name": name})
    click.echo(f"{print_400(mine)}: “{name}” is out of effect, and kept as {kept}")


def _uploads(locations: Locations) -> Uploads:
    return Uploads(media_paths(locations.state).prompts[0])
