"""The plans of the tests' switch: versions in memory, checked by the real reader of plan documents."""

from typing import Any

import attrs

from b2bua.api.verbs import Operator, Refusal, Verb
from b2bua.console.feed import Feed
from b2bua.console.protocol import Fault
from b2bua.console.rows import NUMBERS, NumberRow
from routing.check import difference
from routing.document import PlanFaults, parse

PLAN = """\
# 耐思智慧
number = "400-600-1234"
subscriber = "耐思智慧"

[targets]
desk = "010-6552 1234"
night-mobile = { address = "139 1111 2222", ring_s = 20 } # on call

[hunt]
ring_s = 15
"""


@attrs.define
class Shelf:
    """One number's versions, oldest first."""

    feed: Feed
    versions: list[dict[str, Any]] = attrs.field(factory=list)

    def put(self, text: str, author: str, note: str) -> dict[str, Any]:
        """A new version, live at once."""
        at_ms = 1_763_780_000_000 + 60_000 * len(self.versions)
        plan_hash = f"{len(self.versions) + 1:x}" * 64
        self.versions.append(
            {
                "text": text,
                "plan_hash": plan_hash[:64],
                "at_ms": at_ms,
                "author": author,
                "note": note,
                "number": "4006001234",
            }
        )
        row = NumberRow("400-600-1234", "active", "耐思智慧", plan_hash[:64], at_ms, author, note, 6, 321, 280)
        self.feed.change(NUMBERS, "4006001234", row)
        return self.versions[-1]

    def verbs(self) -> dict[str, Verb]:
        """The plan verbs."""
        return {
            "plan.show": self._show,
            "plan.history": self._history,
            "plan.check": self._check,
            "plan.publish": self._publish,
            "plan.restore": self._restore,
            "plan.diff": self._diff,
            "plan.explain": self._explain,
        }

    def _of(self, plan_hash: str) -> dict[str, Any]:
        return next(version for version in self.versions if version["plan_hash"] == plan_hash)

    async def _show(self, args: dict[str, Any], _: Operator) -> Any:
        return self._of(args["plan_hash"]) if args.get("plan_hash") else self.versions[-1]

    async def _history(self, args: dict[str, Any], _: Operator) -> Any:
        live = self.versions[-1]
        return {"versions": [{**version, "live": version is live} for version in reversed(self.versions)]}

    async def _check(self, args: dict[str, Any], _: Operator) -> Any:
        return {"faults": [attrs.asdict(fault) for fault in _faults(args["text"])], "warnings": []}

    async def _diff(self, args: dict[str, Any], _: Operator) -> Any:
        return {"changes": [str(each) for each in difference(parse(args["old"]), parse(args["text"]))]}

    async def _publish(self, args: dict[str, Any], operator: Operator) -> Any:
        if faults := _faults(args["text"]):
            raise Refusal("the plan has faults; nothing was published", faults)
        if args["base"] != self.versions[-1]["plan_hash"]:
            raise Refusal("somebody published meanwhile; nothing was published")
        return self.put(args["text"], operator.name, args["note"])

    async def _restore(self, args: dict[str, Any], operator: Operator) -> Any:
        if args["base"] != self.versions[-1]["plan_hash"]:
            raise Refusal("somebody published meanwhile; nothing was restored")
        return self.put(self._of(args["plan_hash"])["text"], operator.name, args["note"])

    async def _explain(self, args: dict[str, Any], _: Operator) -> Any:
        plan = parse(args["text"])
        rung = [[{"target": name, "address": target.address}] for name, target in plan.targets.items()]
        looked_at = {"caller": args["caller"], **({"trunk": args["trunk"]} if args["trunk"] else {})}
        step = {"at_s": 0.0, "node": "hunt", "kind": "hunt", "looked_at": looked_at, "chose": "desk"}
        return {
            "steps": [{**step, "passed_over": [[name, "busy"] for name in args["busy"]]}],
            "rings": rung,
            "ending": "no-answer",
        }


def _faults(text: str) -> tuple[Fault, ...]:
    try:
        parse(text)
    except PlanFaults as found:
        return tuple(Fault(fault.path, fault.problem, fault.mend) for fault in found.faults)
    return ()
