"""Records that waited in the spool folder: taken in once, broken ones kept aside."""

from pathlib import Path

import pytest

from b2bua.ipc import spool
from b2bua.ipc.protocol import Idle, Update, frame
from b2bua.store.recovery import adopt, take_in
from b2bua.store.store import Store
from routing.ids import CallId
from tests.support.samples import ended_record, open_record, talking_record

WHOLE = frame(Update(open_record()))
BROKEN = {
    "empty": b"",
    "cut": WHOLE[:-1],
    "twice": WHOLE * 2,
    "longer": WHOLE + b"\x00\x00",
    "no-msgpack": b"\x00\x00\x00\x02\xc1\xc1",
    "huge-length": b"\xff\xff\xff\xffabcd",
    "not-a-map": b"\x00\x00\x00\x01\x07",
    "no-update": frame(Idle("c-1")),
    "other-fields": WHOLE.replace(b"accepted_ms", b"accepted_mx"),
    "no-row-holds-it": frame(Update(open_record(talk_ms=2**63))),
}


@pytest.mark.req("P1")
def test_spooled_end_replaces_the_open_record(store: Store, tmp_path: Path) -> None:
    """A call that ended while no daemon was there is closed with its own end, and its file is gone."""
    store.records.put([talking_record("c-1", 2)])
    folder = tmp_path / "spool"
    spool.write(folder, ended_record("c-1", 3))
    assert [record.call_id for record in take_in(folder, store.records).stored] == ["c-1"]
    assert adopt(store.records, ()) == ()
    assert store.records.get(CallId("c-1")) == ended_record("c-1", 3)
    assert list(folder.iterdir()) == []
    spool.write(folder, ended_record("c-1", 3))
    assert take_in(folder, store.records).stored == (), "what is on disk already is no news"
    assert list(folder.iterdir()) == []


@pytest.mark.req("P1")
@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_broken_file_is_moved_aside_and_said(
    store: Store, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever lies in the folder, the good files are taken in, and a bad one is kept where it can be looked at."""
    folder = tmp_path / "spool"
    good = spool.write(folder, ended_record("c-9"))
    (folder / "bad").write_bytes(content)
    (folder / ".unfinished").write_bytes(b"abc")
    taken = take_in(folder, store.records)
    assert taken.stored == (ended_record("c-9"),)
    assert [each.file for each in taken.broken] == [folder / spool.BROKEN / "bad"]
    assert (folder / spool.BROKEN / "bad").read_bytes() == content
    assert str(folder / spool.BROKEN / "bad") in caplog.text
    assert not good.exists()
    assert (folder / ".unfinished").exists()


def test_no_folder_is_an_empty_one(store: Store, tmp_path: Path) -> None:
    """Nothing was ever spooled."""
    assert take_in(tmp_path / "nowhere", store.records).stored == ()
