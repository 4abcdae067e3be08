"""explain, check, plan diff and replay, as an operator types them (N8, S2, T3)."""

import json
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner, Result

from b2bua.base.serialization import PLAIN
from b2bua.cli import main
from b2bua.records.call_record import CallRecord, CallState, Ending
from routing import trace
from routing.cause import CALLER_CANCELLED, Blame
from routing.document import content_hash, parse
from routing.event import CallerHungUp, Event
from routing.explain import Explained, World, explain
from tests.unit.routing.calls import TWO_TARGETS, facts_of

OTHER = TWO_TARGETS.replace("8300", "8399")


def run(place: Path, *words: str) -> Result:
    """One command at this switch."""
    return CliRunner().invoke(main, [*words, "--state", str(place)])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A switch with two versions of one plan: the first is live no more."""
    for text in (OTHER, TWO_TARGETS):
        file = tmp_path / "plan.toml"
        file.write_text(text, encoding="utf-8")
        done = run(tmp_path, "plan", "publish", str(file), "--author", "wang")
        assert done.exit_code == 0, done.output
    return tmp_path


@pytest.mark.req("N8")
def test_explain(place: Path) -> None:
    """The whole way of a call, the outcome last; the same for programs."""
    words = ("explain", "400-600-1234", "--from", "021-1234 5678", "--at", "2026-04-15 10:00", "--busy", "front-desk")
    done = run(place, *words)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "connected to mobile"
    assert json.loads(run(place, *words, "--json").output)["decision"] == "connected to mobile"
    wrong = run(place, *words, "--busy", "nobody")
    assert wrong.exit_code == 2
    assert "there is no target nobody" in wrong.output


@pytest.mark.req("N8", "O1")
def test_explain_a_class(place: Path) -> None:
    """A class that the number does not show can be said, and the way tells it."""
    file = place / "screened.toml"
    file.write_text(TWO_TARGETS + '\n[screen]\nrefuse = ["payphone"]\n', encoding="utf-8")
    words = ("explain", "4006001234", "--from", "021-1234 5678", "--busy", "front-desk", "--file", str(file))
    assert run(place, *words).output.splitlines()[-1] == "connected to mobile"
    refused = run(place, *words, "--class", "payphone").output
    assert "class payphone is refused" in refused
    assert "connected" not in refused


@pytest.mark.req("N8", "W1")
def test_explain_by_trunk(place: Path) -> None:
    """A call by a carrier that allows no mobiles rings none; by another, or by none that is named, it does."""
    config = place / "switch400.toml"
    trunk = '[trunk.{}]\nsources = ["192.0.2.0/24"]\nmobile_targets = {}\n'
    config.write_text(trunk.format("strict", "false") + trunk.format("free", "true"), encoding="utf-8")
    words = ("explain", "4006001234", "--from", "02112345678", "--busy", "front-desk", "--config", str(config))
    for more in ((), ("--trunk", "free")):
        assert run(place, *words, *more).output.splitlines()[-1] == "connected to mobile"
    barred = run(place, *words, "--trunk", "strict").output
    assert "passed over mobile: the carrier of this call allows no mobiles as targets" in barred
    assert "connected" not in barred
    unknown = run(place, *words, "--trunk", "other")
    assert (unknown.exit_code, "there are strict, free" in unknown.output) == (2, True)
    assert "--config" in run(place, *words[:-2], "--trunk", "strict").output


@pytest.mark.req("N8")
def test_explain_a_document(place: Path) -> None:
    """A document that is not published yet can be explained too; one that is not there is said so."""
    file = place / "other.toml"
    file.write_text(OTHER, encoding="utf-8")
    done = run(place, "explain", "4006001234", "--from", "13800138000", "--file", str(file))
    assert "021-6228 8399" in done.output
    assert run(place, "explain", "4006009999", "--from", "").exit_code == 2


@pytest.mark.req("T3")
def test_check(tmp_path: Path) -> None:
    """Faults end with status 1 and name place and mend; suspicions only with --strict."""
    sound, odd, wrong = (tmp_path / name for name in ("sound.toml", "odd.toml", "wrong.toml"))
    sound.write_text(TWO_TARGETS, encoding="utf-8")
    odd.write_text(TWO_TARGETS + '[hunt]\ntargets = ["mobile"]\n', encoding="utf-8")
    wrong.write_text(TWO_TARGETS + "[hunt]\nring_s = 1\n", encoding="utf-8")
    runner = CliRunner()
    fine = runner.invoke(main, ["check", str(sound), str(odd)])
    assert fine.exit_code == 0
    assert "sound.toml: nothing suspicious" in fine.output
    assert "targets.front-desk: no hunt and no extension leads to it" in fine.output
    assert runner.invoke(main, ["check", "--strict", str(odd)]).exit_code == 1
    bad = runner.invoke(main, ["check", str(wrong)])
    assert bad.exit_code == 1
    assert "hunt.ring_s: 1 seconds is out of range — write 5 to 300 seconds" in bad.output
    assert runner.invoke(main, ["check", str(tmp_path / "none.toml")]).exit_code == 2
    sound.write_text('welcome = "ours"\n' + TWO_TARGETS, encoding="utf-8")
    own = tmp_path / "prompts" / "4006001234"
    own.mkdir(parents=True)
    assert "welcome: the prompt “ours” is not in the library" in run(tmp_path, "check", str(sound)).output
    (own / "ours.wav").touch()
    assert "sound.toml: nothing suspicious" in run(tmp_path, "check", str(sound)).output


@pytest.mark.req("T3")
def test_plan_diff(place: Path) -> None:
    """A file against the live plan; an old version against what is live; two versions."""
    file = place / "other.toml"
    file.write_text(OTHER, encoding="utf-8")
    assert "now 021-6228 8399" in run(place, "plan", "diff", str(file)).output
    versions = [line.split()[0] for line in run(place, "plan", "history", "4006001234").output.splitlines()[1:]]
    newest, oldest = versions[0], versions[-1]
    assert "was 021-6228 8399" in run(place, "plan", "diff", "4006001234", oldest).output
    assert run(place, "plan", "diff", "4006001234", newest, newest).output == "no call is decided differently\n"
    assert run(place, "plan", "diff", "4006001234", "x").exit_code == 2
    assert run(place, "plan", "diff", "1", "2", "3", "4").exit_code == 2


@pytest.mark.req("T3")
def test_files_that_are_no_plans(place: Path) -> None:
    """A file that is no text, and one with a byte order mark; another number's plan. None ends in a traceback."""
    binary, marked = place / "binary.toml", place / "marked.toml"
    binary.write_bytes(b"\xff\xfe")
    marked.write_bytes(b"\xef\xbb\xbf" + TWO_TARGETS.encode())
    for words in (("plan", "diff"), ("explain", "4006001234", "--from", "", "--file")):
        assert run(place, *words, str(marked)).exit_code == 0
        wrong = run(place, *words, str(binary))
        assert wrong.exit_code == 1
        assert "is not UTF-8 text (byte 0) — save it as UTF-8" in wrong.output
    checked = CliRunner().invoke(main, ["check", str(binary), str(marked)])
    assert checked.exit_code == 1
    assert checked.output.splitlines() == [
        f"{binary}: document: is not UTF-8 text (byte 0) — save it as UTF-8",
        f"{marked}: nothing suspicious",
    ]
    other = run(place, "explain", "4001111111", "--from", "", "--file", str(marked))
    assert "is the plan of 400-600-1234" in other.output


def recorded(explained: Explained) -> CallRecord:
    """The record that a call leaves behind."""
    plan = parse(TWO_TARGETS)
    return CallRecord(
        call_id="c-1",
        seq=1,
        sip_call_id="x@y",
        number=plan.number,
        caller="02112345678",
        place="上海",
        area="021",
        trunk="carrier",
        plan_hash=content_hash(plan),
        state=CallState.ENDED,
        accepted_ms=1_776_218_400_000,
        ended_ms=1_776_218_500_000,
        facts=PLAIN.unstructure(explained.state.facts),
        events=tuple(PLAIN.unstructure(event, unstructure_as=Event) for event in explained.events),
        trace=tuple(trace.to_plain(step) for step in explained.state.trace),
    )


@pytest.mark.req("S2")
def test_replay(place: Path) -> None:
    """A recorded call comes out the same; one whose record was changed does not; an unknown one is said so."""
    from b2bua.store.store import Store

    plan = parse(TWO_TARGETS)
    record = recorded(explain(plan, facts_of(plan), World()))
    store = Store.open(place / "switch400.db", place / "spool", create=False)
    store.records.put([record])
    done = run(place, "replay", "c-1")
    assert (done.exit_code, done.output) == (0, "the same in 1 step: connected to front-desk\n")
    store.records.put([attrs.evolve(record, seq=2, trace=())])
    assert run(place, "replay", "c-1").exit_code == 1
    assert run(place, "replay", "c-9").exit_code == 2
    store.records.put([attrs.evolve(record, seq=3, plan_hash="0" * 64)])
    assert "there is no plan" in run(place, "replay", "c-1").output


def odd_records(record: CallRecord) -> dict[str, tuple[CallRecord, int, str]]:
    """Records as calls leave them that did not go their usual way: what replay ends with, and what it says."""
    gone = PLAIN.unstructure(CallerHungUp(0.1, CALLER_CANCELLED), unstructure_as=Event)
    early = explain(parse(TWO_TARGETS), facts_of(parse(TWO_TARGETS)), World()).events[:2]
    events = tuple(PLAIN.unstructure(event, unstructure_as=Event) for event in early)
    lost = Ending("lost", 41, 500, Blame.UNKNOWN)
    cancelled = Ending("caller-cancelled", 16, 487, Blame.CLIENT)
    return {
        "hung up before it arrived": (
            attrs.evolve(record, events=(gone,), trace=(), ending=cancelled),
            0,
            "begins with CallerHungUp: the call was gone before anything was decided",
        ),
        "closed by the next daemon": (
            attrs.evolve(record, events=events, ending=lost),
            0,
            "the events end before the call does: its record was closed as lost\nthe same in 1 step: the call goes on",
        ),
        "adopted and still up": (
            attrs.evolve(record, events=events, state=CallState.RINGING, ending=None),
            0,
            "the call was ringing when its record was last written\nthe same in 1 step: the call goes on",
        ),
        "half a trace": (attrs.evolve(record, trace=()), 1, "step 1: recorded nothing, now hunt → front-desk, mobile"),
        "another ending": (attrs.evolve(record, ending=lost), 1, "ending: recorded lost, now normal"),
        "no events": (attrs.evolve(record, events=(), trace=()), 0, "its process ended before it sent any"),
        "no facts": (attrs.evolve(record, facts={}), 2, "its record holds no facts"),
        "other facts": (attrs.evolve(record, facts={"call_id": "c"}), 2, "this release cannot read its facts"),
        "another event": (attrs.evolve(record, events=({"_type": "Sung"},)), 2, "cannot read event 1 (Sung)"),
        "a broken event": (
            attrs.evolve(record, events=({"_type": "TargetRang", "at_s": "x"},)),
            2,
            "cannot read event 1 (TargetRang)",
        ),
    }


@pytest.mark.req("S2")
def test_replay_of_odd_records(place: Path) -> None:
    """Whatever a record lacks, replay says it in a line, and ends with 0, 1 or 2; never with a traceback."""
    from b2bua.store.store import Store

    plan = parse(TWO_TARGETS)
    store = Store.open(place / "switch400.db", place / "spool", create=False)
    cases = odd_records(recorded(explain(plan, facts_of(plan), World())))
    for seq, (name, (record, status, says)) in enumerate(cases.items(), 2):
        store.records.put([attrs.evolve(record, seq=seq)])
        done = run(place, "replay", "c-1")
        assert (done.exit_code, says in done.output) == (status, True), f"{name}: {done.output}"


@pytest.mark.req("O5")
def test_plan_show_has_no_password(tmp_path: Path) -> None:
    """What is published and shown again has the password's hash, not its digits."""
    file = tmp_path / "plan.toml"
    file.write_text(TWO_TARGETS + '[verify]\npassword = "2580"\n', encoding="utf-8")
    assert run(tmp_path, "plan", "publish", str(file), "--author", "wang").exit_code == 0
    shown = run(tmp_path, "plan", "show", "4006001234").output
    assert "2580" not in shown
    assert "scrypt:" in shown
    assert run(tmp_path, "plan", "publish", str(file), "--author", "wang").output.count("is live already") == 1
