"""`switch400 token`: the people who may connect to the daemon besides its owner, and their roles."""

import sys

import click

from b2bua.cli.ask import note
from b2bua.cli.locations import Locations, with_locations
from b2bua.cli.table import Column, show_table
from b2bua.console.protocol import Role
from b2bua.control.tokens import FILE, Tokens

_COLUMNS = (
    Column("Name", lambda person: person.name),
    Column("Role", lambda person: person.role),
    Column("Since", lambda person: f"{person.since.astimezone():%Y-%m-%d %H:%M}"),
)


@click.group()
def command() -> None:
    """Add, list and remove the tokens of people for the console, the browser and the command line."""


@command.command()
@click.argument("name")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True, help="The most they may do.")
@with_locations
def add(name: str, role: str, locations: Locations) -> None:
    """Print a new token for NAME, once: hand it over, for it is not kept."""
    store = locations.open_store(create=True)
    token = Tokens(locations.state / FILE).add(name, Role(role))
    note(store, "token.add", name, {"role": role})
    click.echo(token)
    if sys.stderr.isatty():
        click.echo(f"{name} may log in with it as {role}: in the browser, or from ~/.config/switch400/token", err=True)


@command.command("list")
@with_locations
def list_(locations: Locations) -> None:
    """Everybody who has a token."""
    show_table(_COLUMNS, Tokens(locations.state / FILE).people())


@command.command()
@click.argument("name")
@with_locations
def remove(name: str, locations: Locations) -> None:
    """Remove NAME's token; consoles that use it are disconnected within two seconds."""
    store = locations.open_store()
    person = Tokens(locations.state / FILE).remove(name)
    note(store, "token.remove", name, {"role": person.role.value})
    click.echo(f"{name} has no token any more")
