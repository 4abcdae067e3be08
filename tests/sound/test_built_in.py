"""The built-in prompts: there, playable, even, and what the table says."""

import json
import re

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.pj.prompts import Library, number_parts
from b2bua.sound import FOLDER
from b2bua.sound.loudness import loudness_lufs
from b2bua.sound.make import MADE, wordings
from b2bua.sound.tones import TONES
from b2bua.sound.wav import RATE_HZ, read_wav
from b2bua.sound.wording import CHINESE, ENGLISH
from routing.caller import RINGING_TONE
from routing.check.still import BUILT_IN
from routing.ids import Number400, PromptName
from routing.node import BUSY_PROMPT, KINDS, NOT_ALLOWED_PROMPT
from routing.nodes.queue import PLACE_PROMPT
from routing.plan import Transfer

LIBRARY = Library((FOLDER,), Number400("4006001234"))


def _defaults() -> set[str]:
    """Every prompt that a plan plays without naming it: the defaults of nodes and transfer, and the fixed ones."""
    fields = [field for kind in (*KINDS.values(), Transfer) for field in attrs.fields(kind)]
    named = {field.default for field in fields if field.type in (PromptName, "PromptName")} - {attrs.NOTHING}
    return {str(name) for name in named} | {RINGING_TONE, BUSY_PROMPT, NOT_ALLOWED_PROMPT, PLACE_PROMPT}


@pytest.mark.req("M1", "M2", "O3", "O4", "O5", "M4")
def test_every_default_of_routing_can_be_played() -> None:
    """What plans play by default, and what checking a plan takes as built in, has a sound of at least a quarter s."""
    assert len(_defaults()) >= 11
    for name in sorted(_defaults() | BUILT_IN):
        sounds = LIBRARY.sounds(PromptName(name))
        assert sum(sound.length_s for sound in sounds) > 0.25, name


def test_the_table_and_the_files_agree() -> None:
    """Each prompt of the table has its file, made from these very words, and there is no other file."""
    assert json.loads((FOLDER / MADE).read_text(encoding="utf-8")) == wordings()
    assert {path.stem for path in FOLDER.glob("*.wav")} == set(wordings())
    assert {f"{name}-en" for name in CHINESE} == set(ENGLISH)
    assert set(wordings()) - BUILT_IN == {"number-0"}


def test_the_set_is_small_and_even() -> None:
    """All of it takes less than 3 MB; speech lies within 1.5 LU of −19 LUFS, music within 1 of −24; nothing clips."""
    files = list(FOLDER.glob("*.wav"))
    assert sum(path.stat().st_size for path in files) < 3_000_000
    for path in files:
        samples = read_wav(path)
        wanted, within = (-24.0, 1.0) if path.stem in TONES else (-19.0, 1.5)
        assert loudness_lufs(samples, RATE_HZ) == pytest.approx(wanted, abs=within), path.stem
        assert abs(samples).max() < 0.9


@pytest.mark.req("R10")
@given(st.integers(1, 999))
def test_a_number_is_spoken_as_its_parts(number: int) -> None:
    """The parts add up to the number, each has a file, and a nought stands where the tens are missing."""
    parts = number_parts(number)
    assert sum(parts) == number
    assert all(LIBRARY.find(PromptName(f"number-{part}")) for part in parts)
    assert (0 in parts) == bool(re.fullmatch(r"[1-9]0[1-9]", str(number)))
