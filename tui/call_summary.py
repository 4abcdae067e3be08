"""One call as lines of text: the call, its attempts with their release causes, and its trace (pure).

Rule: everything shown is in the record; what is not in the record is left out, not guessed.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from b2bua.api.requests.calls import SipMessage
from b2bua.records.call_record import CallRecord, Ending, PlainFields
from tui.i18n import tr, tr_slug
from tui.sdp import described
from tui.table_view import Cell
from tui.time_text import age, clock_ms, day_clock
from tui.width import pad
from tui.words import blame, cause, state

Line = list[Cell]

BAD_LOSS_PCT: Final = 1.0
"""From this share of lost packets on, speech in G.711 is heard to suffer (ITU-T G.113, appendix I)."""
BAD_JITTER_MS: Final = 30.0
"""From this mean jitter on, an ordinary jitter buffer loses packets."""


def head(record: CallRecord, now_ms: int) -> list[Line]:
    """The call's parties, state, times, release cause and plan."""
    ended_ms = record.ended_ms
    ending = record.ending
    lines = [
        [
            Cell(record.caller or tr("calls.unknown_caller"), "key"),
            Cell(record.place),
            Cell("→"),
            Cell(record.number, "key"),
            Cell(f"{tr('calls.trunk')} {record.trunk}", "dim"),
        ],
        [
            state(record.state),
            Cell(age((ended_ms or now_ms) - record.accepted_ms)),
            Cell(tr("detail.accepted", at=day_clock(record.accepted_ms)), "dim"),
        ],
    ]
    if record.rang_ms is not None:
        lines[1].append(Cell(tr("detail.rang", after=_after(record, record.rang_ms)), "dim"))
    if record.answered_ms is not None:
        lines[1].append(Cell(tr("detail.answered", after=_after(record, record.answered_ms)), "good"))
    if ending is not None:
        by = tr_slug("party", record.hung_up_by) if record.hung_up_by else ""
        lines.append(
            [
                cause(ending.slug, ending.blame),
                Cell(_codes(ending, "SIP {sip} · Q.850 {q850}")),
                blame(ending.blame),
                Cell(tr("detail.by", by=by) if by else "", "dim"),
            ]
        )
    lines.append([Cell(f"{tr('detail.plan')} {record.plan_hash[:12]}", "dim"), Cell(record.call_id, "dim")])
    return lines


def attempts(record: CallRecord, now_ms: int) -> list[Line]:
    """Each attempt at a target, and how it ended."""
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


def trace(steps: Iterable[PlainFields]) -> list[Line]:
    """The trace: each decision, what was looked at, what was chosen and what was passed over."""
    lines: list[Line] = []
    for step in steps:
        lines.append(
            [
                Cell(f"{step['at_s']:7.2f}s", "dim"),
                Cell(step["node"], "key"),
                Cell(tr_slug("kind", step["kind"]), "dim"),
                Cell("→ " + step["chose"], "good"),
            ]
        )
        for what, value in dict(step["looked_at"]).items():
            lines.append([Cell(" " * 8), Cell(tr("detail.looked", what=what, value=value))])
        for branch, why in step["passed_over"]:
            lines.append([Cell(" " * 8), Cell(tr("detail.passed", branch=branch, why=why), "dim")])
    return lines


def media(record: CallRecord, sent: Iterable[SipMessage]) -> list[Line]:
    """The session descriptions in the messages, and the media statistics of each leg, as far as they are known."""
    lines: list[Line] = []
    for message in sent:
        description = described(message.text)
        if description:
            way = tr("detail.sent") if message.ours else tr("detail.received")
            after = f"{(message.at_ms - record.accepted_ms) / 1000:.1f}s"
            parts = [Cell(pad(leg_name(message.leg), 10), "key"), Cell(after, "dim"), Cell(way, "dim")]
            lines.append([*parts, Cell(description)])
    for leg, known in sorted(record.evidence.items()):
        if known:
            lines.append([Cell(pad(leg_name(leg), 10), "key"), *_heard(dict(known))])
    return lines


def _heard(known: PlainFields) -> list[Cell]:
    """Codec, packets, loss and jitter of a leg; fields that this console does not know are shown by their names."""
    cells = [Cell(str(known.pop("codec", "")))]
    lost, received = known.pop("lost", None), known.pop("received", None)
    if received is not None:
        cells.append(Cell(tr("detail.packets", sent=known.pop("sent", "?"), received=received), "dim"))
    if lost is not None and received:
        percent = 100 * lost / (lost + received)
        cells.append(Cell(tr("detail.loss", percent=f"{percent:.1f}"), "bad" if percent > BAD_LOSS_PCT else "good"))
    if "jitter_ms" in known:
        jitter_ms = known.pop("jitter_ms")
        cells.append(Cell(tr("detail.jitter", ms=jitter_ms), "bad" if jitter_ms > BAD_JITTER_MS else "good"))
    return [*cells, *(Cell(f"{name} {value}", "dim") for name, value in known.items())]


def messages(sent: Iterable[SipMessage]) -> list[Line]:
    """The SIP messages as they were, one after another."""
    lines: list[Line] = []
    for message in sent:
        way = tr("detail.sent") if message.ours else tr("detail.received")
        lines.append([Cell(clock_ms(message.at_ms), "dim"), Cell(leg_name(message.leg), "key"), Cell(way, "dim")])
        lines.extend([Cell(line)] for line in message.text.splitlines())
        lines.append([])
    return lines


def leg_name(leg: object) -> str:
    """The name of a leg: the caller, or the number of the attempt; `?` for -1, an unknown leg."""
    if str(leg) == "-1":
        return "?"
    return tr("detail.leg_caller") if str(leg) in ("0", "caller") else tr("detail.leg", leg=leg)


def text(lines: list[Line], styles: Mapping[str, Style], gap: str = "  ") -> Text:
    """Lines as one rich text, in the theme's styles by tone."""
    shown = Text()
    for line in lines:
        for place, cell in enumerate(cell for cell in line if cell.text):
            shown.append(gap if place else "")
            shown.append(cell.text, styles[cell.tone])
        shown.append("\n")
    return shown


def _codes(ending: Ending, form: str) -> str:
    """SIP status and Q.850 cause; empty for a call that succeeded."""
    return "" if ending.blame == "success" else form.format(sip=ending.sip, q850=ending.q850)


def _after(record: CallRecord, at_ms: int) -> str:
    return f"{(at_ms - record.accepted_ms) / 1000:.1f}s"
