"""Plan documents: TOML text in, a plan out, and back without loss.

    parse(text) → Plan            all faults at once, as `PlanFaults`
    write(plan) → text            parse(write(plan)) == plan
    to_plain(plan), from_plain    the link's form: plain types, trusted, quick
    content_hash(plan)            equal plans, equal hashes
    conceal(text) → text          the same document without its passwords' digits

Rule: a document is a plan whole, or it is refused whole.
"""

import json
import tomllib
from collections.abc import Collection
from hashlib import sha256

import attrs

from routing.document.conceal import conceal
from routing.document.converter import READER, faults_of
from routing.document.faults import Fault, PlanFaults
from routing.document.plain import brief, from_plain, to_plain
from routing.document.references import faults_between
from routing.document.short_form import SECTIONS, full, misplaced, short
from routing.document.toml import print_toml
from routing.ids import PlanHash
from routing.number import print_400, print_number
from routing.plan import Plan

__all__ = ["Fault", "PlanFaults", "conceal", "content_hash", "from_plain", "parse", "to_plain", "write"]


def parse(text: str) -> Plan:
    """The plan that a TOML document describes; raises PlanFaults with everything that is wrong with it."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PlanFaults((Fault("document", f"is not TOML: {error}", "mend the line named"),)) from error
    moved = [section for section in SECTIONS if section in document]
    faults = misplaced(document)
    try:
        plan: Plan = READER.structure(full(document), Plan)
    except Exception as error:
        raise PlanFaults(_sorted([*faults, *faults_of(error)], moved)) from error
    faults += faults_between(plan)
    if faults:
        raise PlanFaults(_sorted(faults, moved))
    return plan


def _sorted(faults: list[Fault], moved: Collection[str]) -> tuple[Fault, ...]:
    """The faults by place, with the sections that `full` moved under the names their author gave them."""

    def as_written(path: str) -> str:
        node = path.removeprefix("nodes.")
        return node if node != path and node.split(".")[0] in moved else path

    return tuple(sorted(attrs.evolve(fault, path=as_written(fault.path)) for fault in faults))


def write(plan: Plan) -> str:
    """The plan as the shortest document that says the same, numbers as people write them."""
    document = short(brief(plan))
    document["number"] = print_400(plan.number)
    for name, target in document["targets"].items():
        if isinstance(target, str):
            document["targets"][name] = print_number(target)
        else:
            target["address"] = print_number(target["address"])
    return print_toml(document)


def content_hash(plan: Plan) -> PlanHash:
    """SHA-256 over the plan's whole content; the order of tables does not count, that of lists does."""
    body = json.dumps(to_plain(plan), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return PlanHash(sha256(body.encode()).hexdigest())
