"""Two mono recordings of one conversation made into one stereo file: the caller left, the target right.

Rule: what was on disk when the writer died counts. A header that was never completed is passed over, and the shorter
side is filled with silence.
"""

import wave
from array import array
from pathlib import Path
from typing import BinaryIO, Final

CLOCK_RATE_HZ: Final = 8000
_PIECE_BYTES: Final = 1 << 20
_LONGEST_HEADER: Final = 4096


def join_sides(left: Path, right: Path, stereo: Path) -> float:
    """Write `stereo` from two mono 16-bit files of one start; its length in seconds. Raises OSError.

    The file appears whole or not at all, readable by its owner only.
    """
    coming = stereo.with_name(f".{stereo.name}")
    frames = 0
    with left.open("rb") as a, right.open("rb") as b, coming.open("wb") as out:
        coming.chmod(0o600)
        _to_samples(a)
        _to_samples(b)
        with wave.open(out, "wb") as file:
            file.setparams((2, 2, CLOCK_RATE_HZ, 0, "NONE", ""))
            while pieces := _pieces(a, b):
                both = array("h", bytes(4 * len(pieces[0])))
                both[0::2], both[1::2] = pieces
                file.writeframes(both.tobytes())
                frames += len(pieces[0])
    coming.rename(stereo)
    return frames / CLOCK_RATE_HZ


def _to_samples(file: BinaryIO) -> None:
    head = file.read(_LONGEST_HEADER)
    at = head.find(b"data")
    file.seek(at + 8 if at >= 0 else len(head))


def _pieces(a: BinaryIO, b: BinaryIO) -> "tuple[array[int], array[int]] | None":
    one, other = a.read(_PIECE_BYTES), b.read(_PIECE_BYTES)
    size = max(len(one), len(other)) // 2 * 2
    if not size:
        return None
    return array("h", one.ljust(size, b"\0")[:size]), array("h", other.ljust(size, b"\0")[:size])
