"""Makes one validated plan live, within the transaction of the publication.

Rule: a version is written once and never changed; only the number's row says which is live.
"""

import attrs
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from b2bua.base.errors import Conflict
from b2bua.base.serialization import pack
from b2bua.store.audit import AuditEntry, note
from b2bua.store.numbers import NumberState
from b2bua.store.plan_validation import CheckedDocument
from b2bua.store.schema import numbers, plans, versions
from b2bua.store.versions import LivePlan, Version, read_live
from routing.document import to_plain
from routing.ids import Number400, PlanHash
from routing.number import print_400
from routing.plan import Plan


@attrs.frozen
class Published:
    """A number's live version after a publication; `changed` is False if the document was live already."""

    version: Version
    changed: bool


@attrs.frozen
class Authorship:
    """Who publishes, when (UTC epoch milliseconds) and why; `restored_from` is the id of the restored version."""

    author: str
    at_ms: int
    note: str
    restored_from: int | None = None


def make_live(
    connection: Connection, checked: CheckedDocument, authorship: Authorship, based_on: PlanHash | None = None
) -> Published:
    """Publish one plan; nothing is written if its document is live already.

    Raises Conflict as `Plans.publish`.
    """
    number = checked.plan.number
    # On SQLite the transaction holds the one write lock; elsewhere the row does.
    connection.execute(select(numbers.c.number).where(numbers.c.number == number).with_for_update())
    live = next(read_live(connection, number), None)
    _no_conflict(number, live, based_on)
    if live is not None and live.document == checked.text:
        return Published(live.version, changed=False)
    version = _insert_version(connection, checked, authorship)
    _point_to(connection, checked.plan, version, new=live is None)
    note(connection, _audited(version))
    return Published(version, changed=True)


def _audited(version: Version) -> AuditEntry:
    """The document itself is in the version that the entry names."""
    fields: dict[str, str | int] = {"version": version.id, "plan_hash": version.plan_hash, "note": version.note}
    operation = "plan.publish"
    if version.restored_from is not None:
        operation, fields["restored_from"] = "plan.restore", version.restored_from
    return AuditEntry(version.at_ms, version.author, operation, version.number, fields)


def _no_conflict(number: Number400, live: LivePlan | None, based_on: PlanHash | None) -> None:
    if based_on is None:
        return
    if live is None and based_on:
        raise Conflict(f"{print_400(number)} has no live plan any more; publish it as a new one")
    if live is not None and live.version.plan_hash != based_on:
        version = live.version
        raise Conflict(
            f"{print_400(number)}: {version.author} published version {version.id} meanwhile; "
            "look at it, then make your change on top of it"
        )


def _insert_version(connection: Connection, checked: CheckedDocument, authorship: Authorship) -> Version:
    number, plan_hash = checked.plan.number, checked.plan_hash
    if connection.scalar(select(plans.c.hash).where(plans.c.hash == plan_hash)) is None:
        plain = pack(to_plain(checked.plan))
        connection.execute(insert(plans).values(hash=plan_hash, number=number, plain=plain))
    row = {"number": number, "plan_hash": plan_hash, **attrs.asdict(authorship)}
    statement = insert(versions).values(document=checked.text, **row).returning(versions.c.id)
    return Version(id=connection.execute(statement).scalar_one(), **row)


def _point_to(connection: Connection, plan: Plan, version: Version, *, new: bool) -> None:
    fields = {"live_version": version.id, "subscriber": plan.subscriber, "changed_ms": version.at_ms}
    if not new:
        connection.execute(update(numbers).where(numbers.c.number == plan.number).values(fields))
        return
    state = NumberState.ACTIVE.value
    try:
        connection.execute(insert(numbers).values(number=plan.number, state=state, **fields))
    except IntegrityError as error:
        raise Conflict(f"{print_400(plan.number)}: another published its first plan in this moment") from error
