"""Prompts from subscribers' files: what is taken, what is refused, and what is heard afterwards."""

import os
import tempfile
import wave
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b2bua.base.errors import StoreError
from b2bua.callproc.tone import tone_in
from b2bua.cli import main
from b2bua.media.paths import media_paths
from b2bua.media.prompts import FOLDER, UnusablePrompt
from b2bua.media.prompts.conversion import convert
from b2bua.media.prompts.library import Library
from b2bua.media.prompts.loudness import loudness_lufs
from b2bua.media.prompts.uploads import Uploads
from b2bua.media.prompts.wav import read_wav
from b2bua.store import audit
from b2bua.store.store import Store
from routing.ids import Number400, PromptName
from tests.support.sound import encode, tone

NUMBER = Number400("4006001234")


def _prompt(state: Path, *words: str) -> str:
    outcome = CliRunner().invoke(main, ["prompt", *words, "--state", str(state)], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def _refused(state: Path, *words: str) -> str:
    outcome = CliRunner().invoke(main, ["prompt", *words, "--state", str(state)], catch_exceptions=False)
    assert outcome.exit_code == 2, outcome.output
    assert outcome.output.count("\n") == 1
    return outcome.output


def test_loudness_is_that_of_the_standard() -> None:
    """BS.1770-4: a full-scale sine of 997 Hz in one channel measures −3.01 LKFS, at any sampling rate."""
    for rate_hz in (8000, 16000, 48000):
        assert loudness_lufs(tone(997, 5, 1.0, rate_hz), rate_hz) == pytest.approx(-3.01, abs=0.02)


@pytest.mark.req("M1")
@pytest.mark.parametrize(
    ("suffix", "rate_hz", "channels", "subtype"),
    [
        ("wav", 44100, 2, "PCM_16"),
        ("wav", 8000, 1, "ALAW"),
        ("wav", 48000, 1, "FLOAT"),
        ("wav", 96000, 6, "PCM_24"),
        ("wav", 96000, 2, "FLOAT"),
        ("mp3", 22050, 1, "MPEG_LAYER_III"),
        ("ogg", 48000, 2, "VORBIS"),
        ("ogg", 48000, 1, "OPUS"),
        ("flac", 16000, 1, "PCM_16"),
    ],
)
def test_common_files_become_prompts(suffix: str, rate_hz: int, channels: int, subtype: str, tmp_path: Path) -> None:
    """Whatever came in, the library plays 8 kHz mono of the same length and pitch at −19 LUFS."""
    sound = np.repeat(tone(700, 2, 0.05, rate_hz)[:, None], channels, axis=1)
    file = encode(tmp_path / f"in.{suffix}", sound, rate_hz, subtype=subtype)
    assert "heard from the next call" in _prompt(tmp_path / "s", "add", "400-600-1234", "hello", str(file))
    found = Library(media_paths(tmp_path / "s").prompts, NUMBER).find(PromptName("hello"))
    assert found is not None
    assert found.length_s == pytest.approx(2, abs=0.1)
    samples = read_wav(found.path)
    heard = tone_in([round(32768 * float(sample)) for sample in samples])
    assert heard is not None
    assert heard.hz == pytest.approx(700, abs=2)
    assert loudness_lufs(samples, 8000) == pytest.approx(-19, abs=0.3)
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert found.path.parent.stat().st_mode & 0o777 == 0o700


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "not a sound")


def _three_hours(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(b"\x80" * (3 * 3600 * 8000))


def _half(path: Path) -> None:
    encode(path, tone(700, 4))
    os.truncate(path, path.stat().st_size // 2)


def _lying_header(path: Path) -> None:
    encode(path, tone(700, 310, 0.1))
    content = bytearray(path.read_bytes())
    content[40:44] = (0xFFFFFFFF).to_bytes(4, "little")
    path.write_bytes(content)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: path.write_bytes(b""), "is empty"),
    "no frames": (lambda path: encode(path, tone(700, 0)), "has no sound in it"),
    "a ZIP": (_zip, "is a ZIP archive"),
    "a text": (lambda path: path.write_text("hello" * 1000), "is no sound file"),
    "only a header": (lambda path: path.write_bytes(b"RIFF\x24\0\0\0WAVEfmt "), "is cut off"),
    "half a file": (_half, "is cut off"),
    "three hours": (_three_hours, "lasts 180 minutes"),
    "a header that lies": (_lying_header, "may last 5 minutes"),
    "silence": (lambda path: encode(path, np.zeros(16000, np.float32)), "is silent"),
    "a breath": (lambda path: encode(path, tone(700, 2, 0.0005)), "as good as silent"),
    "a click": (lambda path: encode(path, tone(700, 0.05)), "lasts less than"),
    "clipping": (lambda path: encode(path, np.clip(tone(100, 2, 3.0), -1, 1)), "is clipped"),
    "no numbers": (lambda path: encode(path, np.full(8000, np.nan, np.float32), subtype="FLOAT"), "no numbers"),
}


@pytest.mark.req("M1")
@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_prompt_is_refused_with_a_sentence(kind: str, tmp_path: Path) -> None:
    """One line that says why; nothing is stored, and nothing of what was there is lost."""
    make, why = BAD[kind]
    make(tmp_path / "in.wav")
    state = tmp_path / "state"
    assert why in _refused(state, "add", "4006001234", "hello", str(tmp_path / "in.wav"))
    assert not list(state.rglob("*.wav"))


@pytest.mark.req("M1")
@pytest.mark.parametrize("name", ["../hello", "a/b", "", ".hidden", "a.b", "x" * 65])
def test_a_name_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    """A name that no plan can say, such as a path, is refused."""
    file = encode(tmp_path / "in.wav", tone(700, 1))
    assert "is no name" in _refused(tmp_path / "state", "add", "4006001234", name, str(file))


@pytest.mark.req("M1", "F5")
def test_a_new_version_is_in_effect_at_once_and_the_old_one_kept(tmp_path: Path) -> None:
    """A library made before the upload finds the new sound; old ones stay in `versions`; each change is audited."""
    state = tmp_path / "state"
    library = Library(media_paths(state).prompts, NUMBER)
    built_in = library.find(PromptName("busy"))
    for seconds in (1, 2, 3):
        file = encode(tmp_path / "in.wav", tone(700, seconds))
        _prompt(state, "add", "4006001234", "busy", str(file))
        found = library.find(PromptName("busy"))
        assert found is not None
        assert found.length_s == pytest.approx(seconds)
    kept = state / "prompts" / NUMBER / "versions"
    assert [len(read_wav(kept / f"busy.{n}.wav")) for n in (1, 2)] == [8000, 16000]
    assert "busy" in _prompt(state, "list")
    assert "400-600-1234" in _prompt(state, "list", "400-600-1234")
    assert str(state) in _prompt(state, "play-info", "busy", "--number", "4006001234")
    _prompt(state, "remove", "4006001234", "busy")
    assert library.find(PromptName("busy")) == built_in
    assert len(read_wav(kept / "busy.3.wav")) == 24000
    assert "no prompt" in _refused(state, "remove", "4006001234", "busy")
    assert str(FOLDER) in _prompt(state, "play-info", "busy")
    store = Store.open(state / "switch400.db", state / "spool")
    with store.engine.connect() as connection:
        verbs = [entry.operation for entry in audit.entries(connection, NUMBER)]
    store.close()
    assert verbs == ["prompt.remove", "prompt.add", "prompt.add", "prompt.add"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(damage=st.binary(max_size=300), at=st.integers(0, 60), suffix=st.sampled_from(("wav", "ogg", "flac", "mp3")))
def test_damaged_files_are_taken_or_refused(damage: bytes, at: int, suffix: str, tmp_path: Path) -> None:
    """Bytes written over the beginning of a file lead to a prompt of the right form or to a refusal, nothing else."""
    file = encode(tmp_path / f"in.{suffix}", tone(700, 0.5))
    content = bytearray(file.read_bytes())
    content[at : at + len(damage)] = damage
    file.write_bytes(content)
    with suppress(UnusablePrompt):
        samples = convert(file)
        assert np.isfinite(samples).all()
        assert np.abs(samples).max() < 0.9


@pytest.mark.req("M1", "T4")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_switch_can_read_what_another_user_puts_in() -> None:
    """Root's upload is given to the switch's user, folders too; another user's is refused, naming who may."""
    switch_user, stranger = 51234, 54321
    with tempfile.TemporaryDirectory() as named:  # pytest's own folders are closed to other users
        folder = Path(named)
        os.chown(folder, switch_user, switch_user)
        folder.chmod(0o755)
        for _ in range(2):
            Uploads(folder).add(NUMBER, "hello", tone(700, 1))
        assert {path.stat().st_uid for path in folder.rglob("*")} == {switch_user}
        os.seteuid(stranger)
        try:
            with pytest.raises(StoreError, match=f"runs as uid {switch_user}"):
                Uploads(folder).add(NUMBER, "other", tone(700, 1))
        finally:
            os.seteuid(0)
        assert not list(folder.rglob("other*"))
