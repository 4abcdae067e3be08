"""What test callers say: noise that no other stretch of it is like, so that it is found again to the sample."""

import time
from collections.abc import Sequence

import numpy as np

from b2bua.callproc.realtime_priority import at_realtime_priority
from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ
from tests.support.audio_compare import Ear, a_law

PACKET = 160


def speech(seconds: float, seed: int) -> Samples:
    """Noise in the band of speech, rising and falling as syllables do."""
    noise = np.random.default_rng(seed).normal(size=round(seconds * RATE_HZ))
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(len(noise), 1 / RATE_HZ)
    spectrum[(hz < 300) | (hz > 2500)] = 0
    voice = np.fft.irfft(spectrum, len(noise))
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * np.arange(len(noise)) / RATE_HZ)
    return np.asarray(0.25 * voice * syllables / np.abs(voice).max(), np.float32)


def talk(ends: Sequence[Ear], said: Sequence[Samples], *, stall_s: float = 0.0) -> float:
    """All ends speak at once, packet by packet, in real time; whoever has said it all sends no more.

    How late the latest packet was in seconds: what comes late is not what a telephone would have sent. With `stall_s`
    one packet in fifty is meant to be that late.
    """
    coded = [a_law(samples) for samples in said]
    latest = 0.0
    with at_realtime_priority():
        began = time.monotonic()
        for count in range(max(map(len, coded)) // PACKET):
            due = began + count * 0.02 + (stall_s if count % 50 == 49 else 0.0)
            time.sleep(max(0.0, due - time.monotonic()))
            for end, voice in zip(ends, coded, strict=True):
                if piece := voice[count * PACKET : (count + 1) * PACKET]:
                    end.speak(piece, count, count * PACKET)
            latest = max(latest, time.monotonic() - began - count * 0.02)
    return latest
