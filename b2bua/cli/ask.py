"""Performs an operation for a command: in the running daemon, or, if none runs, in this process with the store.

Rule: a running daemon is always asked, so that calls and consoles learn of the change at once. Both use the same
implementation (`b2bua.api`).
"""

import getpass
from typing import TypeVar

from b2bua.api.requests.operation import Operation
from b2bua.base.clock import now_ms
from b2bua.cli.locations import Locations
from b2bua.console.protocol import Role
from b2bua.control.client import Client, DaemonGone
from b2bua.store.audit import AuditEntry, Fields
from b2bua.store.store import Store

R = TypeVar("R")


def ask(locations: Locations, request: Operation[R], *, who: str = "", create: bool = False) -> R:
    """The reply to this request of `who` (empty: the user of this command).

    `create`: where there is no store yet, make one. Raises Refusal, DaemonGone or StoreUnusable.
    """
    try:
        client = Client.connect(locations.control, who=who)
    except DaemonGone as gone:
        if isinstance(gone.__cause__, FileNotFoundError | ConnectionRefusedError):
            return _perform_here(locations, request, who or getpass.getuser(), create=create)
        raise
    with client:
        return client.ask(request)


def note(store: Store, operation: str, subject: str, fields: Fields) -> None:
    """Write an entry in the audit trail: what the user of this command does to files, without the daemon."""
    store.note(AuditEntry(now_ms(), getpass.getuser(), operation, subject, fields))


def _perform_here(locations: Locations, request: Operation[R], who: str, *, create: bool) -> R:
    # imported here: most commands need neither the event loop nor the rooms of the daemon
    import trio

    from b2bua.api.dispatch import Asker, Dispatcher
    from b2bua.api.plans_in_force import PlansInForce
    from b2bua.api.stored import stored_operations
    from b2bua.console.feed import Feed
    from b2bua.monitoring.feed_publisher import FeedPublisher
    from b2bua.monitoring.number_stats import NumberStats

    store = locations.open_store(create=create)
    in_force = PlansInForce(store.plans, {}, NumberStats(Feed(), {}))
    dispatcher = Dispatcher(*stored_operations(store, locations.state, locations.trunks, in_force, FeedPublisher()))
    try:
        return trio.run(dispatcher.perform, request, Asker(who, Role.ADMIN))
    finally:
        store.close()
