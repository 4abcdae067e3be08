"""`switch400 number`: take calls to a 400 number, or stop taking them."""

import click

from b2bua.api.requests.numbers import SetNumberState, WantedState
from b2bua.cli.ask import ask
from b2bua.cli.place import Place, at_place
from routing.number import parse_400, print_400


@click.group()
def command() -> None:
    """Suspend or activate a 400 number."""


@command.command()
@click.argument("number")
@at_place
def suspend(number: str, place: Place) -> None:
    """Answer new calls to NUMBER with 480; calls in progress go on."""
    _set(place, number, WantedState.SUSPENDED)


@command.command()
@click.argument("number")
@at_place
def activate(number: str, place: Place) -> None:
    """Take calls to NUMBER again."""
    _set(place, number, WantedState.ACTIVE)


def _set(place: Place, text: str, state: WantedState) -> None:
    number = parse_400(text)
    done = ask(place, SetNumberState(number, state))
    click.echo(f"{print_400(number)} is {state.value}" + ("" if done.changed else " already"))
