"""`switch400 number`: take calls to a 400 number, or stop taking them."""

import getpass

import click

from b2bua.cli.place import Place, at_place
from b2bua.cli.plan_desk import open_plans
from b2bua.store.numbers import NumberState
from routing.number import parse_400, print_400


@click.group()
def command() -> None:
    """Suspend or activate a 400 number."""


@command.command()
@click.argument("number")
@at_place
def suspend(number: str, place: Place) -> None:
    """Answer new calls to NUMBER with 480; calls in progress go on."""
    _set(place, number, NumberState.SUSPENDED)


@command.command()
@click.argument("number")
@at_place
def activate(number: str, place: Place) -> None:
    """Take calls to NUMBER again."""
    _set(place, number, NumberState.ACTIVE)


def _set(place: Place, text: str, state: NumberState) -> None:
    number = parse_400(text)
    store = place.open_store()
    changed = open_plans(place, store).set_state(number, state, who=getpass.getuser())
    click.echo(f"{print_400(number)} is {state.value}" + ("" if changed else " already"))
