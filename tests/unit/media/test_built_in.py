"""The built-in prompts: there, playable, even, and what the table says."""

import json
import re
import shutil
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.media.prompts import FOLDER
from b2bua.media.prompts.library import Library, number_parts
from b2bua.media.prompts.loudness import loudness_lufs
from b2bua.media.prompts.make import MADE, make, wordings
from b2bua.media.prompts.tones import TONES
from b2bua.media.prompts.wav import RATE_HZ, read_wav
from b2bua.media.prompts.wording import CHINESE, ENGLISH, NUMBERS
from routing.caller import RINGING_TONE
from routing.check.static_checks import BUILT_IN
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


DOCUMENTS = {
    "welcome": "您好，欢迎致电XXX公司，电话转接中，请稍候",
    "menu": "您好，欢迎致电XXX公司，产品咨询订购请按1，分店查询请按2，团购服务请按3，其他服务请按0",
    "extension-menu": "欢迎致电耐思智慧客服热线，请拨分机号，查号请拨1，值班请拨2，投诉请拨3，传真请拨4",
    "busy": "对不起，您要的电话忙！",
    "not-allowed": "您无权拨打该号码",
}
"""The words of the platform's documents."""


@pytest.mark.req("M1", "M2", "O3", "O4")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_words_are_those_of_the_documents(name: str) -> None:
    """Word for word, but for the company's name and digits, which are written as they are spoken."""
    words = DOCUMENTS[name].replace("XXX公司", "本公司").replace("耐思智慧", "本公司")
    assert CHINESE[name] == words.translate(str.maketrans("01234", "零一二三四"))


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="Debian's espeak-ng makes them; `make test` installs it")
def test_the_command_makes_them_again(tmp_path: Path) -> None:
    """`python -m b2bua.media.prompts.make` gives the very files of the package."""
    assert make(tmp_path) == len(wordings())
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in FOLDER.iterdir()}
    different = [path.name for path in FOLDER.glob("*.wav") if path.read_bytes() != (tmp_path / path.name).read_bytes()]
    assert different == []


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
    """What its parts say is the number as it is written in Chinese, and each part has a file."""
    parts = number_parts(number)
    assert all(LIBRARY.find(PromptName(f"number-{part}")) for part in parts)
    assert "".join(NUMBERS[f"number-{part}"] for part in parts) == in_chinese(number)


def in_chinese(number: int) -> str:
    """1–999 as read aloud, digit by digit: 一百一十七, but 十七 alone."""
    text = "".join(
        f"{NUMBERS[f'number-{digit}']}{unit}" if digit != "0" else "零"
        for digit, unit in zip(str(number), ("百", "十", "")[-len(str(number)) :], strict=True)
    )
    text = re.sub("零+$", "", text)
    return text.removeprefix("一") if text.startswith("一十") else text
