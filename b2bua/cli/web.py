"""`switch400 web`: the console in a browser, a program of its own that takes this one's place."""

import os
import sys

import click

from b2bua.cli.place import Place, at_place


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@at_place
def command(options: tuple[str, ...], place: Place) -> None:
    """Serve the console to browsers; OPTIONS are the server's own (`--help` lists them)."""
    source = [] if "--help" in options else ["--socket", str(place.control)]
    os.execv(sys.executable, [sys.executable, "-m", "tui.web", *source, *options])  # noqa: S606 - no shell is meant
