"""`switch400 console`: the NOC console, a program of its own that takes this one's place."""

import os
import sys

import click

from b2bua.cli.place import Place, at_place


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@at_place
def command(options: tuple[str, ...], place: Place) -> None:
    """Show live calls and edit rules in the terminal; OPTIONS are the console's own (`--help` lists them)."""
    source = [] if "--replay" in options or "--help" in options else ["--socket", str(place.control)]
    # The console runs on asyncio and never needs what the switch needs: it gets a fresh interpreter.
    os.execv(sys.executable, [sys.executable, "-m", "tui", *source, *options])  # noqa: S606 - no shell is meant
