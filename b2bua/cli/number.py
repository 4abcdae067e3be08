"""`switch400 number`: suspend or activate a 400 number."""

import click

from b2bua.api.requests.numbers import SetNumberState, WantedState
from b2bua.cli.ask import ask
from b2bua.cli.locations import Locations, with_locations
from routing.number import parse_400, print_400


@click.group()
def command() -> None:
    """Suspend or activate a 400 number."""


@command.command()
@click.argument("number")
@with_locations
def suspend(number: str, locations: Locations) -> None:
    """Answer new calls to NUMBER with 480; calls in progress go on."""
    _set(locations, number, WantedState.SUSPENDED)


@command.command()
@click.argument("number")
@with_locations
def activate(number: str, locations: Locations) -> None:
    """Take calls to NUMBER again."""
    _set(locations, number, WantedState.ACTIVE)


def _set(locations: Locations, text: str, state: WantedState) -> None:
    number = parse_400(text)
    done = ask(locations, SetNumberState(number, state))
    click.echo(f"{print_400(number)} is {state.value}" + ("" if done.changed else " already"))
