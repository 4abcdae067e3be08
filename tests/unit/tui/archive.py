"""What the tests' switch remembers: records, reports and an audit trail, as the verbs give them."""

from typing import Any

import attrs

from b2bua.api.verbs import Operator, Verb
from b2bua.console.feed import plain
from b2bua.console.rows import LiveCall


@attrs.define
class Archive:
    """So many calls that are over, every third of them missed; without any, nothing was ever counted or changed."""

    now_ms: int
    calls: int = 10
    closed: dict[str, tuple[str, str]] = attrs.field(factory=dict)
    asked: list[dict[str, Any]] = attrs.field(factory=list)
    heard: dict[str, str] = attrs.field(factory=dict)
    deleted: list[str] = attrs.field(factory=list)

    def verbs(self) -> dict[str, Verb]:
        """Verbs about the past."""
        return {
            "record.find": self._find,
            "missed.list": self._missed,
            "missed.close": self._close,
            "report.calls": self._report,
            "audit.find": self._audit,
        }

    def kept(self) -> dict[str, Verb]:
        """Verbs about what callers left and what was recorded."""
        return {
            "voicemail.list": self._messages,
            "voicemail.mark": self._mark,
            "voicemail.delete": self._delete,
            "recording.list": self._recordings,
        }

    def _row(self, n: int) -> dict[str, Any]:
        missed = n % 3 == 0
        accepted_ms = self.now_ms - 3_600_000 * n
        call = LiveCall(
            state="ended", caller=f"021-1234 56{n:02d}", place="上海", number="400-600-1234", trunk="telecom",
            accepted_ms=accepted_ms, target="desk", address="010-6552 1234", attempt=1 + n % 2,
            answered_ms=None if missed else accepted_ms + 4_000, ended_ms=accepted_ms + 64_000,
            ending="no-answer" if missed else "normal", blame="upstream" if missed else "success",
        )  # fmt: skip
        key = f"r{n:03d}"
        talk_ms = 0 if missed else 60_000
        by, note = self.closed.get(key, ("", ""))
        closed = {"closed": by, "closed_ms": self.now_ms if by else None, "closed_note": note, "closed_call": ""}
        return {
            **plain(call),
            "call_id": key,
            "talk_ms": talk_ms,
            "hung_up_by": "caller",
            "missed": missed,
            **closed,
        }

    async def _find(self, args: dict[str, Any], _: Operator) -> Any:
        self.asked.append(args)
        rows = [self._row(n) for n in range(self.calls)]
        return {"rows": [row for row in rows if args.get("caller", "") in row["caller"]], "more": False}

    async def _missed(self, args: dict[str, Any], operator: Operator) -> Any:
        found = await self._find(args, operator)
        return {**found, "rows": [row for row in found["rows"] if row["missed"] and not row["closed"]]}

    async def _close(self, args: dict[str, Any], operator: Operator) -> None:
        self.closed[args["call_id"]] = (operator.name, args["note"])

    async def _report(self, args: dict[str, Any], _: Operator) -> Any:
        self.asked.append(args)
        keys = {"hour": [f"{hour:02d}" for hour in range(8, 18)], "cause": ["normal", "busy", "no-answer"]}
        rows = [
            {"key": key, "calls": 40 + 7 * n, "answered": 30 + 5 * n, "busy": 3, "no_answer": 7, "talk_ms": 3_600_000}
            for n, key in enumerate(keys.get(args["by"], ["010", "021"]))
        ]
        return {"rows": rows if self.calls else []}

    async def _audit(self, args: dict[str, Any], _: Operator) -> Any:
        step = {
            "at_ms": self.now_ms,
            "who": "wang",
            "deed": "plan.publish",
            "subject": "400-600-1234",
            "note": "longer",
        }
        return {"rows": [{**step, "before": "ring_s = 15\n", "after": "ring_s = 20\n"}] if self.calls else []}

    async def _messages(self, args: dict[str, Any], _: Operator) -> Any:
        kept = [n for n in range(min(3, self.calls)) if f"v{n}" not in self.deleted]
        rows = [{**_of_call(f"v{n}", self.now_ms - 5_000_000 * n), "mailbox": "sales"} for n in kept]
        return {"rows": [{**row, **self._read(row["call_id"])} for row in rows], "more": False}

    def _read(self, call_id: str) -> dict[str, Any]:
        by = self.heard.get(call_id, "")
        return {"read_ms": self.now_ms if by else None, "read_by": by, "told_ms": None, "place": "上海"}

    async def _mark(self, args: dict[str, Any], operator: Operator) -> Any:
        for call_id in args["call_ids"]:
            self.heard[call_id] = operator.name if args["read"] else ""
        return {"marked": len(args["call_ids"])}

    async def _delete(self, args: dict[str, Any], _: Operator) -> Any:
        self.deleted += args["call_ids"]
        return {"deleted": len(args["call_ids"])}

    async def _recordings(self, args: dict[str, Any], _: Operator) -> Any:
        kept = {"target": "desk", "kept_until_ms": self.now_ms + 30 * 86_400_000}
        rows = [{**_of_call(f"t{n}", self.now_ms - 900_000 * n), **kept, "live": n == 0} for n in range(3)]
        return {"rows": rows if self.calls else [], "more": False}


def _of_call(call_id: str, arrived_ms: int) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "number": "400-600-1234",
        "arrived_ms": arrived_ms,
        "length_s": 41.2,
        "caller": "021-1234 5678",
        "sealed": call_id != "t0",
    }
