"""`switch400 web`: the console in a browser; its program replaces this process (`exec`)."""

import os
import sys

import click

from b2bua.cli.locations import Locations, with_locations


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@with_locations
def command(options: tuple[str, ...], locations: Locations) -> None:
    """Serve the console to browsers; OPTIONS are the server's own (`--help` lists them)."""
    source = [] if "--help" in options else ["--socket", str(locations.control)]
    os.execv(sys.executable, [sys.executable, "-m", "tui.web", *source, *options])  # noqa: S606 - no shell is meant
