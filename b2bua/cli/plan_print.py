"""Prints plans and their versions on the command line."""

from collections.abc import Iterable

from b2bua.api.requests.plans import PlanVersion, PublishedPlan
from b2bua.cli.table import Column, show_table
from b2bua.cli.times import clock
from b2bua.store.versions import LivePlan
from routing.number import print_400

_HASH_DIGITS = 12


def publication_line(plan: PublishedPlan) -> str:
    """One line on the result of publishing a document."""
    what = f"version {plan.version} is live" if plan.changed else f"is live already, as version {plan.version}"
    return f"{print_400(plan.number)}: {what} (plan {plan.plan_hash[:_HASH_DIGITS]})"


def live_table(every: Iterable[LivePlan]) -> None:
    """Print numbers with their live plans."""
    columns = (
        Column("NUMBER", lambda live: print_400(live.number)),
        Column("STATE", lambda live: live.state.value),
        Column("SUBSCRIBER", lambda live: live.subscriber),
        Column("VERSION", lambda live: str(live.version.id), right=True),
        Column("PLAN", lambda live: live.version.plan_hash[:_HASH_DIGITS]),
        Column("SINCE", lambda live: clock(live.version.at_ms)),
        Column("AUTHOR", lambda live: live.version.author),
    )
    show_table(columns, every)


def history_table(versions: Iterable[PlanVersion]) -> None:
    """Print the versions of one number's plan."""
    columns = (
        Column("VERSION", lambda version: str(version.version), right=True),
        Column("PUBLISHED", lambda version: clock(version.at_ms)),
        Column("AUTHOR", lambda version: version.author),
        Column("PLAN", lambda version: version.plan_hash[:_HASH_DIGITS]),
        Column("NOTE", _note),
    )
    show_table(columns, versions)


def _note(version: PlanVersion) -> str:
    if version.restored_from is None:
        return version.note
    return f"restored from {version.restored_from}" + (f": {version.note}" if version.note else "")
