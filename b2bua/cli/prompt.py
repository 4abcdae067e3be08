"""`switch400 prompt`: what the callers of a 400 number hear (M1): put in, listed, taken out.

Rule: a prompt is in effect for the next call; calls in progress hear to the end what they began with.
"""

from pathlib import Path
from typing import Final

import click

from b2bua.base.errors import NotFound
from b2bua.cli.ask import note
from b2bua.cli.place import Place, at_place
from b2bua.cli.table import Column, show_table
from b2bua.cli.when import clock
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
    """Put in, list and take out what callers hear."""


@command.command()
@click.argument("number")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@at_place
def add(number: str, name: str, file: Path, place: Place) -> None:
    """Make FILE (WAV, MP3, OGG or FLAC, up to 5 minutes) the prompt NAME of NUMBER.

    It becomes 8 kHz mono at the usual loudness, and is heard from the next call on; the old one is kept.
    """
    mine = parse_400(number)
    samples = convert(file)
    store = place.open_store(create=True)
    upload = _uploads(place).add(mine, name, samples)
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
@at_place
def list_(number: str, place: Place) -> None:
    """The prompts of NUMBER (default: of all numbers) that are not the built-in ones."""
    show_table(_COLUMNS, _uploads(place).every(parse_400(number) if number else None))


@command.command("play-info")
@click.argument("name")
@click.option("--number", default="400-000-0000", help="As callers of this 400 number would hear it.")
@at_place
def play_info(name: str, number: str, place: Place) -> None:
    """Say which files are played for NAME, how long they are, and how loud."""
    sounds = Library(media_paths(place.state).prompts, parse_400(number)).sounds(PromptName(name))
    if not sounds:
        raise NotFound(f"there is no prompt “{name}”, built in or uploaded")
    for sound in sounds:
        click.echo(f"{sound.path}: {sound.length_s:.1f} s, {loudness_lufs(read_wav(sound.path), RATE_HZ):.1f} LUFS")


@command.command()
@click.argument("number")
@click.argument("name")
@at_place
def remove(number: str, name: str, place: Place) -> None:
    """Take the prompt NAME of NUMBER out of effect; a built-in one of that name is heard again. It is kept."""
    mine = parse_400(number)
    store = place.open_store(create=True)
    kept = _uploads(place).remove(mine, name)
    note(store, "prompt.remove", mine, {"name": name})
    click.echo(f"{print_400(mine)}: “{name}” is out of effect, and kept as {kept}")


def _uploads(place: Place) -> Uploads:
    return Uploads(media_paths(place.state).prompts[0])
