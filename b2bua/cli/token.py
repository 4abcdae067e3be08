"""`switch400 token`: who may speak to the daemon besides its owner, and as what."""

import sys

import click

from b2bua.cli.ask import note
from b2bua.cli.place import Place, at_place
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
    """Give people tokens for the console, the browser and the command line, and take them back."""


@command.command()
@click.argument("name")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True, help="The most they may do.")
@at_place
def add(name: str, role: str, place: Place) -> None:
    """Print a new token for NAME, once: hand it over, for it is not kept."""
    store = place.open_store(create=True)
    token = Tokens(place.state / FILE).add(name, Role(role))
    note(store, "token.add", name, {"role": role})
    click.echo(token)
    if sys.stderr.isatty():
        click.echo(f"{name} may log in with it as {role}: in the browser, or from ~/.config/switch400/token", err=True)


@command.command("list")
@at_place
def list_(place: Place) -> None:
    """Everybody who has a token."""
    show_table(_COLUMNS, Tokens(place.state / FILE).people())


@command.command()
@click.argument("name")
@at_place
def remove(name: str, place: Place) -> None:
    """Take NAME's token back; consoles that use it are shut out within two seconds."""
    store = place.open_store()
    person = Tokens(place.state / FILE).remove(name)
    note(store, "token.remove", name, {"role": person.role.value})
    click.echo(f"{name} has no token any more")
