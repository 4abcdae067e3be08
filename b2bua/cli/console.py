"""`switch400 console`: the NOC console; its program replaces this process (`exec`)."""

import os
import sys

import click

from b2bua.cli.locations import Locations, with_locations


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@with_locations
def command(options: tuple[str, ...], locations: Locations) -> None:
    """Show live calls and edit rules in the terminal; OPTIONS are the console's own (`--help` lists them)."""
    source = [] if "--replay" in options or "--help" in options else ["--socket", str(locations.control)]
    # The console runs on asyncio and needs none of the switch's modules: it gets a new interpreter.
    os.execv(sys.executable, [sys.executable, "-m", "tui", *source, *options])  # noqa: S606 - no shell is meant
