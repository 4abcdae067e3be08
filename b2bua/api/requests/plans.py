"""Operations on the plans of 400 numbers: check, compare, explain, publish, show, restore."""

from typing import ClassVar

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.fields import FieldFault
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import Fault, FaultKind, Role
from b2bua.records.call_record import PlainFields
from routing.ids import Number400, PlanHash


@attrs.frozen
class PlanShown:
    """One version of a number's plan; `text` is the document as its author wrote it, `at_ms` UTC epoch milliseconds."""

    number: Number400
    text: str
    version: int
    plan_hash: PlanHash
    at_ms: int
    author: str
    note: str


@attrs.frozen
class ShowPlan(Operation[PlanShown]):
    """Show a number's plan: the one in force, or the newest version with this `plan_hash`, or the one of this id."""

    NAME = "plan.show"
    ROLE = Role.VIEWER
    SCOPE = Scope.NUMBER
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    number: Number400 = attrs.field(converter=fields.number_400)
    plan_hash: str = attrs.field(default="", validator=fields.short_text)
    version: int | None = attrs.field(default=None, validator=fields.serial)


@attrs.frozen
class PlanVersion:
    """One publication of a plan. `live`: it is in force; `restored_from`: the older version that it repeats, if any."""

    version: int
    plan_hash: PlanHash
    at_ms: int
    author: str
    note: str
    live: bool
    restored_from: int | None = None


@attrs.frozen
class PlanHistory:
    """All versions of a number's plan, newest first."""

    versions: tuple[PlanVersion, ...]


@attrs.frozen
class ShowPlanHistory(Operation[PlanHistory]):
    """List every version of a number's plan."""

    NAME = "plan.history"
    ROLE = Role.VIEWER
    SCOPE = Scope.NUMBER
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    number: Number400 = attrs.field(converter=fields.number_400)


@attrs.frozen
class PlanChecked:
    """The faults of a document; if there are none, what is suspicious about it (`warnings`)."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


@attrs.frozen
class CheckPlan(Operation[PlanChecked]):
    """Check a document as it would be checked for publication; nothing is changed."""

    NAME = "plan.check"
    ROLE = Role.VIEWER
    SCOPE = Scope.NONE

    text: str


@attrs.frozen
class PlansCompared:
    """Where two plans decide calls differently: one line for people for each difference."""

    changes: tuple[str, ...]


@attrs.frozen
class ComparePlans(Operation[PlansCompared]):
    """Compare a document with `old`, or without it with the plan in force of its number."""

    NAME = "plan.diff"
    ROLE = Role.VIEWER
    SCOPE = Scope.NONE
    FAULTS: ClassVar = (FaultKind.BAD_PLAN,)

    text: str
    old: str | None = None


@attrs.frozen
class Ringing:
    """A target that would ring, and its address as people write it."""

    target: str
    address: str


@attrs.frozen
class CallExplained:
    """The decisions in order (plain forms of `routing.trace.TraceStep`), the targets that ring together, in order, and
    the slug of how it ends."""

    steps: tuple[PlainFields, ...]
    rings: tuple[tuple[Ringing, ...], ...]
    ending: str


@attrs.frozen
class ExplainCall(Operation[CallExplained]):
    """Show what a document would do with an imagined call.

    `at` is ISO time in the plan's time zone, empty for now. `keys` are the caller's keys, one entry each time keys are
    collected, separated by commas. `busy` are targets that are busy; `trunk` is the trunk that the call comes from.
    """

    NAME = "plan.explain"
    ROLE = Role.VIEWER
    SCOPE = Scope.NONE
    FAULTS: ClassVar = (FaultKind.BAD_PLAN, FaultKind.NOT_FOUND)

    text: str
    caller: str = attrs.field(default="", validator=fields.short_text)
    at: str = attrs.field(default="", validator=fields.short_text)
    keys: str = attrs.field(default="", validator=fields.short_text)
    busy: tuple[str, ...] = attrs.field(default=(), validator=fields.bounded_list)
    trunk: str = attrs.field(default="", validator=fields.short_text)


@attrs.frozen
class PublishedPlan:
    """A number's live version now; `changed` is False if it was live already."""

    number: Number400
    plan_hash: PlanHash
    version: int
    changed: bool


@attrs.frozen
class PlansPublished:
    """The result for each document, in order of number."""

    plans: tuple[PublishedPlan, ...]


@attrs.frozen
class PublishPlans(Operation[PlansPublished]):
    """Check documents and make them live for the next call, all or none.

    `sources` say where each was read from, for faults to name. `base` is the hash of the live plan that the document
    was made from, empty for none: if another is live by now, that is a `conflict`. None: publish over whatever is live.
    """

    NAME = "plan.publish"
    ROLE = Role.OPERATOR
    SCOPE = Scope.NUMBER
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.BAD_PLAN, FaultKind.CONFLICT)

    documents: tuple[str, ...] = attrs.field(validator=fields.non_empty_list)
    sources: tuple[str, ...] = ()
    note: str = attrs.field(default="", validator=fields.short_text)
    base: PlanHash | None = None

    def __attrs_post_init__(self) -> None:
        if self.sources and len(self.sources) != len(self.documents):
            problem = f"are {len(self.sources)} for {len(self.documents)} documents"
            raise FieldFault("sources", problem, "name one for each document, or none")


@attrs.frozen
class RestorePlan(Operation[PublishedPlan]):
    """Publish an older version again: that of this id, or the newest with this hash. `base` as in `plan.publish`."""

    NAME = "plan.restore"
    ROLE = Role.OPERATOR
    SCOPE = Scope.NUMBER
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.NOT_FOUND, FaultKind.BAD_PLAN, FaultKind.CONFLICT)

    number: Number400 = attrs.field(converter=fields.number_400)
    version: int | None = attrs.field(default=None, validator=fields.serial)
    plan_hash: str = attrs.field(default="", validator=fields.short_text)
    note: str = attrs.field(default="", validator=fields.short_text)
    base: PlanHash | None = None

    def __attrs_post_init__(self) -> None:
        if self.version is None and not self.plan_hash:
            raise FieldFault("version", "is missing", "name a version, or a plan_hash")
