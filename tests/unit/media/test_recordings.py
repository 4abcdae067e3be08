"""Recordings and messages found on disk, and what is wrong with them."""

import os
from array import array
from pathlib import Path

import attrs
import pytest

from b2bua.base.errors import NotFound
from b2bua.media.keys import Keyring
from b2bua.media.messages import Messages
from b2bua.media.paths import MediaPaths, media_paths
from b2bua.media.prompts import FOLDER
from b2bua.media.recordings import Recording, Recordings
from b2bua.records.call_record import CallRecord
from routing.cause import CRASHED
from routing.ids import CallId, Number400
from tests.support.samples import ended_record, ending, talking_record
from tests.support.sound import plain_wav

SECOND = array("h", [1000] * 8000)
STEREO_SECOND = array("h", [1000] * 16000)
CALL = "19a00000001" + "0" * 10
RING = Keyring()


def recording(folder: Path, *, cut: bool = False) -> Recording:
    """One second of conversation, or the first half of it."""
    file = plain_wav(folder / f"{CALL}.wav", STEREO_SECOND, 2)
    file.chmod(0o600)
    if cut:
        os.truncate(file, 16_000)
    return Recordings(folder).get(CALL)


def record(recorded_ms: int = 1000) -> CallRecord:
    """Its call, ended as usual."""
    return ended_record(CALL, recorded_ms=recorded_ms)


@pytest.mark.req("M5")
def test_a_good_recording_has_no_fault(tmp_path: Path) -> None:
    """Whole and as long as its call's record says, up to half a second; its call's time is in its name."""
    whole = recording(tmp_path)
    assert (whole.arrived_ms, whole.length_s, whole.is_sealed) == (0x19A00000001, 1.0, False)
    assert whole.fault(record(1500), RING) == ""
    assert whole.fault(record(1501), RING) == "it is 0.5 s shorter than what was recorded"
    assert whole.fault(None, RING) == "its call has no record"


@pytest.mark.req("M5")
def test_a_recording_that_is_cut_off(tmp_path: Path) -> None:
    """No fault while its call is up or if the process died; a fault of a call that ended well, or has no record."""
    cut = recording(tmp_path, cut=True)
    assert cut.fault(talking_record(CALL, recorded_ms=5000), RING) == ""
    assert cut.fault(attrs.evolve(record(5000), ending=ending(CRASHED)), RING) == ""
    assert cut.fault(record(), RING) == cut.fault(None, RING) == "it is cut off"


@pytest.mark.req("M5")
def test_a_recording_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails is named; a file that others may read is a fault of its own."""
    whole = recording(tmp_path)

    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("b2bua.media.recordings.pieces", fails)
        assert whole.fault(record(), RING) == "it cannot be read (Input/output error)"
    whole.path.chmod(0o640)
    assert whole.fault(record(), RING) == "others than its owner may read it"


@pytest.mark.req("M5", "M4")
def test_what_is_deleted_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that goes between the listing and the look at it ends no listing; other files are passed over."""
    recording(tmp_path)
    plain_wav(tmp_path / "4006001234" / "office" / f"{CALL}.wav", SECOND)
    (tmp_path / "notes.txt").write_text("no recording", encoding="utf-8")
    (tmp_path / "4006001234" / "office" / "notes.txt").write_text("no message", encoding="utf-8")
    assert [each.call_id for each in Recordings(tmp_path).every()] == [CALL]
    assert [each.call_id for each in Messages(tmp_path).every()] == [CALL]

    def gone(*_: object) -> float:
        raise FileNotFoundError

    for room, kind in (("recordings", Recordings(tmp_path)), ("messages", Messages(tmp_path))):
        monkeypatch.setattr(f"b2bua.media.{room}.length_s", gone)
        assert list(kind.every()) == []
        with pytest.raises(NotFound, match="there is no"):
            kind.get(CALL)


@pytest.mark.req("M4")
def test_messages_of_a_mailbox(tmp_path: Path) -> None:
    """Oldest first, by number or mailbox; an unfinished one only once it is finished; played as it was spoken."""
    for number, mailbox, name in (
        ("4006001234", "office", f"{CALL}.wav"),
        ("4006001234", "night", "named-otherwise.wav"),
        ("4008001234", "office", f".{'0' * 11}{'0' * 10}.wav"),
    ):
        os.utime(plain_wav(tmp_path / number / mailbox / name, SECOND), (5, 5))
    messages = Messages(tmp_path)
    assert [each.call_id for each in messages.every()] == ["named-otherwise", CALL]
    assert [each.arrived_ms for each in messages.every(mailbox="night")] == [5000]
    assert [each.mailbox for each in messages.every("4006001234", "office")] == ["office"]
    assert list(messages.every("4008001234")) == []
    messages.finish(next(messages.unfinished()))
    (finished,) = messages.every("4008001234")
    assert (finished.is_sealed, finished.number) == (False, "4008001234")
    assert b"".join(finished.sound(RING)) == SECOND.tobytes()


def test_the_folders_of_a_switch(tmp_path: Path) -> None:
    """The fork server gets them as options, each only if there is one; the built-in prompts come last."""
    paths = media_paths(tmp_path, tmp_path / "key")
    assert paths.prompts == (tmp_path / "prompts", FOLDER)
    assert paths.options() == [
        *("--prompts", str(tmp_path / "prompts"), "--prompts", str(FOLDER)),
        *("--recordings", str(tmp_path / "recordings"), "--messages", str(tmp_path / "messages")),
        *("--key", str(tmp_path / "key")),
    ]
    assert MediaPaths().options() == []


@pytest.mark.req("M1")
def test_the_prompts_that_a_plan_may_name(tmp_path: Path) -> None:
    """Those of the number, of all numbers, and the built-in ones; unknown where there is no switch."""
    number = Number400("4006001234")
    assert media_paths(tmp_path).names(number) is None
    for file in ("common.wav", "4006001234/own.wav", "4008001234/other.wav"):
        plain_wav(tmp_path / "prompts" / file, SECOND)
    names = media_paths(tmp_path).names(number)
    assert names is not None
    assert {"common", "own", "welcome"} <= names
    assert "other" not in names


def test_a_recording_plays_from_its_beginning(tmp_path: Path) -> None:
    """Both sides of the conversation, interleaved."""
    assert b"".join(recording(tmp_path).sound(RING)) == STEREO_SECOND.tobytes()
    assert Recordings(tmp_path).get(CallId(CALL)).path.name == f"{CALL}.wav"
