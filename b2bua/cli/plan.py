"""`switch400 plan`: publish, show, compare and restore plans.

Rule: plans are kept in the store; files are only read into it and written from it.
"""

import getpass
from collections.abc import Callable
from pathlib import Path

import click

from b2bua.api.requests.plans import PublishPlans, RestorePlan, ShowPlan, ShowPlanHistory
from b2bua.base.errors import StoreError
from b2bua.cli.ask import ask
from b2bua.cli.diff import command as diff
from b2bua.cli.documents import read_documents
from b2bua.cli.failures import reported_failures
from b2bua.cli.locations import Locations, with_locations
from b2bua.cli.plan_print import history_table, live_table, publication_line
from routing.ids import Number400
from routing.number import parse_400, print_400


def _number(_: click.Context, __: click.Parameter, text: str) -> Number400:
    with reported_failures():
        return parse_400(text)


def _signed(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options `--author` and `--note`: who changes a plan, and why."""
    command = click.option("--author", default=getpass.getuser, help="Who changes it (default: you).")(command)
    return click.option("--note", default="", help="Why, for the history.")(command)


@click.group()
def command() -> None:
    """Publish, list, compare and restore plans."""


command.add_command(diff)


@command.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@_signed
@with_locations
def publish(files: tuple[Path, ...], note: str, author: str, locations: Locations) -> None:
    """Check FILE… whole and make them live, all or none; in effect for the next call."""
    request = PublishPlans(tuple(read_documents(files)), tuple(map(str, files)), note)
    for each in ask(locations, request, who=author, create=True).plans:
        click.echo(publication_line(each))


@command.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--dry-run", is_flag=True, help="Print what would change; change nothing.")
@_signed
@with_locations
def sync(folder: Path, dry_run: bool, note: str, author: str, locations: Locations) -> None:
    """Publish every *.toml in DIR that differs from what is live, all or none.

    Numbers that have no file in DIR are named and left as they are.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise StoreError(f"{folder}: there is no *.toml in it")
    texts, sources = read_documents(files), list(map(str, files))
    store = locations.open_store(create=not dry_run)
    differences = store.plans.differences(texts, sources)
    if dry_run:
        for number, changes in differences:
            click.echo(f"{print_400(number)}: {'would be published' if changes else 'is live already'}")
    else:
        for each in ask(locations, PublishPlans(tuple(texts), tuple(sources), note), who=author).plans:
            click.echo(publication_line(each))
    for number in sorted(set(store.plans.all_live()) - {number for number, _ in differences}):
        click.echo(f"{print_400(number)}: has no file in {folder}; left as it is")


@command.command("list")
@with_locations
def list_(locations: Locations) -> None:
    """Every number with its live plan."""
    live_table(locations.open_store().plans.all_live().values())


@command.command()
@click.argument("number", callback=_number)
@click.option("--version", type=int, help="An older version (see `plan history`).")
@with_locations
def show(number: Number400, version: int | None, locations: Locations) -> None:
    """NUMBER's document as its author wrote it."""
    text = ask(locations, ShowPlan(number, version=version)).text
    click.echo(text, nl=not text.endswith("\n"))


@command.command()
@click.argument("number", callback=_number)
@with_locations
def history(number: Number400, locations: Locations) -> None:
    """Every version of NUMBER's plan, newest first: the first is live."""
    history_table(ask(locations, ShowPlanHistory(number)).versions)


@command.command()
@click.argument("number", callback=_number)
@click.argument("version", type=int)
@_signed
@with_locations
def restore(number: Number400, version: int, note: str, author: str, locations: Locations) -> None:
    """Make an older VERSION of NUMBER's plan live again, as a new version."""
    click.echo(publication_line(ask(locations, RestorePlan(number, version, note=note), who=author)))


@command.command()
@click.argument("words", metavar="[NUMBER…] DIR", nargs=-1, required=True)
@with_locations
def export(words: tuple[str, ...], locations: Locations) -> None:
    """Write the live documents of NUMBER… (default: all) to DIR, a file each, as `plan sync` takes them."""
    *numbers, folder = words
    plans = locations.open_store().plans
    wanted = [plans.live(parse_400(number)) for number in numbers] if numbers else list(plans.all_live().values())
    Path(folder).mkdir(parents=True, exist_ok=True)
    for live in wanted:
        file = Path(folder) / f"{live.number}.toml"
        file.write_text(live.document, encoding="utf-8", newline="")
        click.echo(f"{print_400(live.number)}: {file}")
