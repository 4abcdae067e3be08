"""Keys in the audio: what ITU-T Q.24 says a receiver must take, and must not."""

import random
import wave
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.callproc.dtmf_detector import DtmfDetector
from b2bua.media.prompts import make
from tests.support.sound import dual, encoded, linear, sine

ALL = "0123456789*#ABCD"
BUILT_IN = sorted((Path(make.__file__).parent / "wav").glob("*.wav"))


def over_the_wire(samples: "array[int]") -> "array[int]":
    """As G.711 brings it."""
    return array("h", map(linear, encoded(samples)))


def silence(ms: float) -> "array[int]":
    """A pause with the hiss of a line."""
    chance = random.Random(1)
    return array("h", (chance.randrange(-20, 21) for _ in range(round(ms * 8))))


def keyed(keys: str, ms: float = 40, gap_ms: float = 40, *, before: int = 0, level: float = 5000) -> "array[int]":
    """Keys as somebody presses them."""
    sound = array("h", [0] * before)
    for key in keys:
        sound += dual(key, round(ms * 8), level) + silence(gap_ms)
    return sound


def heard(samples: "array[int]", piece: int = 2048) -> str:
    """The keys found, fed in pieces as the recorder gives them away."""
    tones = DtmfDetector()
    sound = over_the_wire(samples) + silence(100)
    return "".join(tones.feed(sound[at : at + piece]) for at in range(0, len(sound), piece))


@pytest.mark.req("M2")
@settings(max_examples=60)
@given(
    keys=st.text(ALL, min_size=1, max_size=6),
    before=st.integers(0, 200),
    level=st.sampled_from([1250, 3000, 12000]),
    piece=st.sampled_from([160, 2048, 5000]),
)
def test_each_key_is_heard_once(keys: str, before: int, level: float, piece: int) -> None:
    """40 ms on and 40 ms off, from −25 dBm0 on, wherever they begin: every key, once, in order."""
    assert heard(keyed(keys, before=before, level=level), piece) == keys


@pytest.mark.req("M2")
def test_a_key_held_down_is_one_key() -> None:
    """Two seconds of it, and one with an interruption of 10 ms."""
    assert heard(keyed("5", 2000)) == "5"
    assert heard(dual("5", 800) + silence(10) + dual("5", 800)) == "5"


@pytest.mark.req("M2")
@pytest.mark.parametrize("key", ALL)
def test_tolerances(key: str) -> None:
    """1.5 % off in frequency, the groups 8 dB apart either way: taken. 20 ms, or one tone alone: not."""
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    row = next(index for index, keys in enumerate(("123A", "456B", "789C", "*0#D")) if key in keys)
    low, high = rows[row], columns[("123A", "456B", "789C", "*0#D")[row].index(key)]

    def both(low_hz: float, high_hz: float, low_level: float = 4000, high_level: float = 4000) -> "array[int]":
        pairs = zip(sine(low_hz, 480, 0, low_level), sine(high_hz, 480, 0, high_level), strict=True)
        return array("h", (a + b for a, b in pairs))

    for off in (0.985, 1.015):
        assert heard(both(low * off, high * off)) == key
        assert heard(both(low * off, high / off)) == key
    assert heard(both(low, high, 2000, 5000)) == key
    assert heard(both(low, high, 5000, 2000)) == key
    assert heard(dual(key, 160)) == ""
    assert heard(sine(low, 800)) == ""
    assert heard(sine(high, 800)) == ""


@pytest.mark.req("M2")
def test_nothing_that_is_said_or_played_is_a_key() -> None:
    """Every built-in prompt and all the music, over six minutes: not one key (talk-off)."""
    assert len(BUILT_IN) > 40
    taken = {}
    for path in BUILT_IN:
        with wave.open(str(path), "rb") as file:
            sound = array("h", file.readframes(file.getnframes()))
        if keys := DtmfDetector().feed(sound):
            taken[path.name] = keys
    assert not taken


@pytest.mark.req("M2")
def test_a_key_is_heard_over_a_hum() -> None:
    """Noise 15 dB below the tones does not hide them."""
    chance = random.Random(7)
    noisy = array("h", (sample + round(chance.gauss(0, 900)) for sample in keyed("147*", 60, 60)))
    assert heard(noisy) == "147*"
