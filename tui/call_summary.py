"""One call in lines of text: what it is, whom it rang and how that ended, and why it went there (pure).

Rule: everything shown is in the record; what the record does not know is left out, not guessed.
"""

from collections.abc import Iterable
from typing import Any, Final

from rich.cells import cell_len
from rich.text import Text

from b2bua.api.requests.calls import SipMessage
from b2bua.records.call_record import CallRecord, Ending
from tui.arrange import Cell
from tui.i18n import say, say_slug
from tui.sdp import described
from tui.time_text import age, clock_ms, day_clock
from tui.width import pad
from tui.words import blame, cause, state

Line = list[Cell]

BAD_LOSS_PCT: Final = 1.0
"""From this share of lost packets on, speech in G.711 is heard to suffer (ITU-T G.113, appendix I)."""
BAD_JITTER_MS: Final = 30.0
"""Mean jitter that an ordinary jitter buffer no longer takes up unheard."""


def head(record: CallRecord, now_ms: int) -> list[Line]:
    """What the call is and how it stands."""
    ended_ms = record.ended_ms
    ending = record.ending
    lines = [
        [
            Cell(record.caller or say("calls.unknown_caller"), "key"),
            Cell(record.place),
            Cell("→"),
            Cell(record.number, "key"),
            Cell(f"{say('calls.trunk')} {record.trunk}", "dim"),
        ],
        [
            state(record.state),
            Cell(age((ended_ms or now_ms) - record.accepted_ms)),
            Cell(say("detail.accepted", at=day_clock(record.accepted_ms)), "dim"),
        ],
    ]
    if record.rang_ms is not None:
        lines[1].append(Cell(say("detail.rang", after=_after(record, record.rang_ms)), "dim"))
    if record.answered_ms is not None:
        lines[1].append(Cell(say("detail.answered", after=_after(record, record.answered_ms)), "good"))
    if ending is not None:
        by = say_slug("party", record.hung_up_by) if record.hung_up_by else ""
        lines.append(
            [
                cause(ending.slug, ending.blame),
                Cell(_codes(ending, "SIP {sip} · Q.850 {q850}")),
                blame(ending.blame),
                Cell(say("detail.by", by=by) if by else "", "dim"),
            ]
        )
    lines.append([Cell(f"{say('detail.plan')} {record.plan_hash[:12]}", "dim"), Cell(record.call_id, "dim")])
    return lines


def attempts(record: CallRecord, now_ms: int) -> list[Line]:
    """Each try at a target, and how it ended."""
    lines = []
    address_columns = min(32, max((cell_len(attempt.address) for attempt in record.attempts), default=0))
    for attempt in record.attempts:
        until_ms = attempt.ended_ms or now_ms
        line = [
            Cell(f"{attempt.leg}."),
            Cell(pad(attempt.target, 12), "key"),
            Cell(pad(attempt.address, address_columns)),
            Cell(f"+{(attempt.began_ms - record.accepted_ms) / 1000:.1f}s", "dim"),
        ]
        if attempt.ending is not None:
            line += [
                cause(attempt.ending.slug, attempt.ending.blame),
                Cell(_codes(attempt.ending, "{sip}/{q850}"), "dim"),
                blame(attempt.ending.blame),
                Cell(age(until_ms - attempt.began_ms)),
            ]
        elif attempt.answered_ms is not None:
            line += [state("talking"), Cell(age(now_ms - attempt.answered_ms))]
        else:
            line += [
                state("calling" if attempt.rang_ms is None else "ringing"),
                Cell(age(now_ms - attempt.began_ms)),
            ]
        lines.append(line)
    return lines


def trace(steps: Iterable[dict[str, Any]]) -> list[Line]:
    """Why it went there: each decision, what was looked at, what was chosen and what was passed over."""
    lines: list[Line] = []
    for step in steps:
        lines.append(
            [
                Cell(f"{step['at_s']:7.2f}s", "dim"),
                Cell(step["node"], "key"),
                Cell(say_slug("kind", step["kind"]), "dim"),
                Cell("→ " + step["chose"], "good"),
            ]
        )
        for what, value in dict(step["looked_at"]).items():
            lines.append([Cell(" " * 8), Cell(say("detail.looked", what=what, value=value))])
        for branch, why in step["passed_over"]:
            lines.append([Cell(" " * 8), Cell(say("detail.passed", branch=branch, why=why), "dim")])
    return lines


def media(record: CallRecord, sent: Iterable[SipMessage]) -> list[Line]:
    """What was offered and taken, from the messages, and how it sounded, leg by leg, as far as is known."""
    lines: list[Line] = []
    for message in sent:
        description = described(message.text)
        if description:
            way = say("detail.sent") if message.ours else say("detail.received")
            after = f"{(message.at_ms - record.accepted_ms) / 1000:.1f}s"
            told = [Cell(pad(leg_name(message.leg), 10), "key"), Cell(after, "dim"), Cell(way, "dim")]
            lines.append([*told, Cell(description)])
    for leg, known in sorted(record.evidence.items()):
        if known:
            lines.append([Cell(pad(leg_name(leg), 10), "key"), *_heard(dict(known))])
    return lines


def _heard(known: dict[str, Any]) -> list[Cell]:
    """Codec, packets, loss and jitter of a leg; what a newer daemon knows besides is told by its name."""
    cells = [Cell(str(known.pop("codec", "")))]
    lost, received = known.pop("lost", None), known.pop("received", None)
    if received is not None:
        cells.append(Cell(say("detail.packets", sent=known.pop("sent", "?"), received=received), "dim"))
    if lost is not None and received:
        percent = 100 * lost / (lost + received)
        cells.append(Cell(say("detail.loss", percent=f"{percent:.1f}"), "bad" if percent > BAD_LOSS_PCT else "good"))
    if "jitter_ms" in known:
        jitter_ms = known.pop("jitter_ms")
        cells.append(Cell(say("detail.jitter", ms=jitter_ms), "bad" if jitter_ms > BAD_JITTER_MS else "good"))
    return [*cells, *(Cell(f"{name} {value}", "dim") for name, value in known.items())]


def messages(sent: Iterable[SipMessage]) -> list[Line]:
    """The SIP messages as they were, one after another."""
    lines: list[Line] = []
    for message in sent:
        way = say("detail.sent") if message.ours else say("detail.received")
        lines.append([Cell(clock_ms(message.at_ms), "dim"), Cell(leg_name(message.leg), "key"), Cell(way, "dim")])
        lines.extend([Cell(line)] for line in message.text.splitlines())
        lines.append([])
    return lines


def leg_name(leg: object) -> str:
    """How a leg is called: the caller, or the number of the attempt; -1 is one that could not be told."""
    if str(leg) == "-1":
        return "?"
    return say("detail.leg_caller") if str(leg) in ("0", "caller") else say("detail.leg", leg=leg)


def text(lines: list[Line], styles: dict[str, Any], gap: str = "  ") -> Text:
    """Lines as one rich text, in the theme's styles by tone."""
    shown = Text()
    for line in lines:
        for place, cell in enumerate(cell for cell in line if cell.text):
            shown.append(gap if place else "")
            shown.append(cell.text, styles[cell.tone])
        shown.append("\n")
    return shown


def _codes(ending: Ending, form: str) -> str:
    """SIP status and Q.850 cause; a call that went well had no failure to name."""
    return "" if ending.blame == "success" else form.format(sip=ending.sip, q850=ending.q850)


def _after(record: CallRecord, at_ms: int) -> str:
    return f"{(at_ms - record.accepted_ms) / 1000:.1f}s"
