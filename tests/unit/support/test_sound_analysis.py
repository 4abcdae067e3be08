"""What judges the sound of end-to-end tests is right about sound that is known."""

from array import array

import numpy as np
import pytest

from tests.support.sound import encoded, linear, sine, speech, tone
from tests.support.sound_analysis import best_match, is_sound_without, is_tone, likeness, pitch_hz, power_at, tone_hz


@pytest.mark.parametrize("hz", [300, 440, 997, 2600])
def test_a_tone_is_known_by_its_frequency(hz: int) -> None:
    """A pure tone has power A²/2 at its frequency and as good as none beside it, also after A-law."""
    samples = sine(hz, 1600)
    assert power_at(samples, hz) == pytest.approx(6000**2 / 2, rel=0.02)
    assert power_at(samples, hz + 100) < 6000**2 / 2 / 100
    coded = array("h", map(linear, encoded(samples)))
    assert is_tone(coded, hz)
    assert not is_tone(coded, hz + 100)
    assert is_sound_without(coded, hz + 100)
    assert not is_sound_without(coded, hz)
    assert pitch_hz(tone(hz, 1)) == pytest.approx(hz, abs=0.5)


def test_silence_and_noise_are_no_tone() -> None:
    """Neither silence nor noise in the band of speech has most of its power at one frequency."""
    assert tone_hz(np.zeros(8000, np.float32)) is None
    assert tone_hz(speech(1, 7)) is None
    assert not is_tone(array("h", [0] * 1600), 440)
    assert not is_sound_without(array("h", [0] * 1600), 440)


def test_a_tone_is_found_between_silences() -> None:
    """The loudest half second is looked at, wherever it is."""
    silence = np.zeros(5000, np.float32)
    assert tone_hz(np.concatenate([silence, tone(620, 1), silence])) == pytest.approx(620, abs=0.5)


def test_a_stretch_is_found_to_the_sample() -> None:
    """Noise is found where it is, and another noise is not taken for it."""
    wanted, other = speech(1, 1), speech(1, 2)
    heard = np.concatenate([other, wanted, other])
    at, match = best_match(heard, wanted)
    assert at == len(other)
    assert match > 0.999
    assert likeness(heard, wanted) > 0.999
    assert abs(best_match(other, wanted[:4000])[1]) < 0.3
