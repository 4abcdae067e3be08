"""How loud a sound is, by ITU-R BS.1770-4 for one channel.

Rule: the standard's two K-weighting filters are given for 48 kHz; here their response is applied in the frequency
domain, so that it is the same at every sampling rate (pyloudnorm does as much, but brings the whole of SciPy).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""One channel, full scale ±1."""

_DESIGN_HZ: Final = 48000
# BS.1770-4, tables 1 and 2: (b0, b1, b2), (1, a1, a2).
_SHELF: Final = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS: Final = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_BLOCK_S: Final = 0.4
_STEP_S: Final = 0.1
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
SILENCE_LUFS: Final = -120.0


def loudness_lufs(samples: Samples, rate_hz: int) -> float:
    """The integrated loudness in LUFS; `SILENCE_LUFS` if no block passes the gates.

    What is shorter than one block (0.4 s) is measured as one block.
    """
    block, step = round(_BLOCK_S * rate_hz), round(_STEP_S * rate_hz)
    weighted = _k_weighted(samples, rate_hz)
    if len(weighted) == 0:
        return SILENCE_LUFS
    energy = np.concatenate(([0.0], np.cumsum(np.square(weighted, dtype=np.float64))))
    starts = np.arange(0, max(1, len(weighted) - block + 1), step)
    ends = np.minimum(starts + block, len(weighted))
    power = (energy[ends] - energy[starts]) / (ends - starts)
    loud = power[_lufs(power) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return SILENCE_LUFS
    gate = _lufs(loud.mean()) + _RELATIVE_GATE_LU
    return float(_lufs(loud[_lufs(loud) > gate].mean()))


def _k_weighted(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    size = len(samples) + rate_hz // 2  # room for the filters' ring, which would wrap round
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size, 1 / rate_hz) / _DESIGN_HZ)
    response = np.ones_like(turn)
    for above, below in (_SHELF, _HIGH_PASS):
        response *= np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn)
    weighted: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(samples.astype(np.float64), size) * response, size)
    return weighted[: len(samples)]


def _lufs(power: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """Loudness of a mean square (BS.1770-4, equation 2)."""
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-15))
