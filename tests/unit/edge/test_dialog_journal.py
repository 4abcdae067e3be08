"""The file that keeps the edge's dialogs for the next daemon: whole after any history, harmless when it fails."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.edge import dialog_journal
from b2bua.edge.dialog_journal import DialogJournal, Entry, Key
from b2bua.edge.token import ProcessAddress

PROCESS = ProcessAddress(40001, "inc1")
KEY = Key("dialog", PROCESS, "call-1 tag")
ENTRY = Entry(KEY, ("a", "b"))

keys = st.builds(
    Key, st.sampled_from(["x", "y"]), st.builds(ProcessAddress, st.integers(1, 2), st.sampled_from("pq")), st.just("")
)
fields = st.lists(st.text(st.characters(max_codepoint=255), max_size=9), min_size=1, max_size=3).map(tuple)
steps = st.lists(st.one_of(st.builds(Entry, keys, fields), keys, st.just("tend")), max_size=40)


def read(file: Path) -> list[Entry]:
    """What a daemon that started now would find; the file stays the first one's."""
    copy = file.with_suffix(".copy")
    copy.write_bytes(file.read_bytes())
    journal = DialogJournal(copy)
    entries = journal.open()
    journal.close()
    return entries


@given(steps, st.integers(0, 60))
def test_the_next_daemon_finds_what_was_put_last(steps: list[Entry | Key | str], torn: int) -> None:
    """For any history, a file cut short in its last frame included: the entries of a moment before, whole."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "dialogs"
        journal = DialogJournal(file)
        journal.open()
        expected: list[dict[Key, Entry]] = [{}]
        for step in steps:
            now = dict(expected[-1])
            match step:
                case Entry():
                    journal.put(step)
                    now[step.key] = step
                case Key():
                    journal.drop(step)
                    now.pop(step, None)
                case _:
                    journal.tend()
            if now != expected[-1]:
                expected.append(now)
        found = {entry.key: entry for entry in DialogJournal(file).open()}
        assert found == expected[-1]
        content = file.read_bytes()
        file.write_bytes(content[: max(0, len(content) - torn)])
        again = {entry.key: entry for entry in DialogJournal(file).open()}
        assert again.items() <= found.items()
        assert torn or again == found
        journal.close()


def test_without_a_file_nothing_is_kept() -> None:
    """The edge of a test or a bench has none."""
    journal = DialogJournal()
    assert journal.open() == []
    journal.put(ENTRY)
    journal.drop(KEY)
    journal.tend()
    journal.close()


def test_the_file_does_not_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the least size and twice what is needed it is written anew; only its owner reads it."""
    monkeypatch.setattr(dialog_journal, "LEAST_REWRITE_BYTES", 1000)
    file = tmp_path / "dialogs"
    journal = DialogJournal(file)
    journal.open()
    for n in range(200):
        journal.put(Entry(KEY, (str(n),)))
        journal.tend()
    assert file.stat().st_size < 1100
    assert file.stat().st_mode & 0o777 == 0o600
    assert read(file) == [Entry(KEY, ("199",))]


def full(part: int) -> Callable[[int, bytes], int]:
    """`os.write` on a disk with room for `part` bytes of each write."""

    def write(descriptor: int, content: bytes) -> int:
        if part == 0:
            raise OSError(28, "No space left on device")
        return real(descriptor, content[:part])

    real = os.write
    return write


@pytest.mark.req("S1")
@pytest.mark.parametrize("part", [0, 3])
def test_a_full_disk_costs_entries_and_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part: int
) -> None:
    """It is logged once; when there is room again the file is whole at the next `tend`."""
    file = tmp_path / "dialogs"
    journal = DialogJournal(file)
    journal.open()
    journal.put(ENTRY)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full(part))
        journal.put(Entry(Key("dialog", PROCESS, "2"), ("c",)))
        journal.put(Entry(Key("dialog", PROCESS, "3"), ("d",)))
        journal.tend()
    assert len(caplog.records) == 1
    assert read(file) == [ENTRY]
    journal.drop(KEY)
    journal.tend()
    assert [entry.fields for entry in read(file)] == [("c",), ("d",)]
    journal.put(ENTRY)
    assert len(read(file)) == 3


@pytest.mark.parametrize("content", [b"\0\0\0\1\xc1", b"\0\0\0\1\x90", b"\xff\xff\xff\xff", b"\0\0\0\x05\x95\xa1"])
def test_a_file_that_is_none_of_ours(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What comes before the fault is taken; the rest is said to be lost, and the file is ours from then on."""
    file = tmp_path / "dialogs"
    journal = DialogJournal(file)
    journal.open()
    journal.put(ENTRY)
    file.write_bytes(file.read_bytes() + content)
    assert DialogJournal(file).open() == [ENTRY]
    assert len(caplog.records) == (0 if content[3] == 5 else 1)
    assert DialogJournal(file).open() == [ENTRY]


def test_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the edge serves."""
    journal = DialogJournal(tmp_path / "none" / "dialogs")
    assert journal.open() == []
    journal.put(ENTRY)
    journal.tend()
    assert len(caplog.records) == 1


@pytest.mark.bench
def test_what_a_call_costs(tmp_path: Path) -> None:
    """Microseconds for each entry of 800 bytes put and dropped; a call of two legs has four, its set-up costs 9 ms."""
    journal, count = DialogJournal(tmp_path / "dialogs"), 20_000
    journal.open()
    began = time.process_time()
    for n in range(count):
        key = Key("dialog", PROCESS, str(n))
        journal.put(Entry(key, ("x" * 700, "192.0.2.1", "5060", "udp")))
        journal.drop(key)
        if n % 100 == 0:
            journal.tend()
    cost_us = (time.process_time() - began) / count * 1e6
    print(f"\nan entry costs {cost_us:.1f} µs, put and dropped")
    assert cost_us < 100
