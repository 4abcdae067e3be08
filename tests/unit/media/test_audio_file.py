"""Audio files on disk: whole at any moment, sealed so that a change shows, opened by old keys; and key files."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.cli import main
from b2bua.media.audio_file import AudioFile, length_s, pieces, suffix
from b2bua.media.encryption import HEADER_BYTES, PIECE_BYTES, TAG_BYTES, Unreadable
from b2bua.media.keys import Key, KeyFault, Keyring, make_key, read_key, read_keyring
from b2bua.media.prompts.uploads import Uploads
from routing.ids import Number400
from tests.support.sound import tone

KEY = Key(bytes(range(32)))
RING = Keyring(KEY)
sounds = st.lists(st.binary(max_size=3 * PIECE_BYTES).map(lambda sound: sound[: len(sound) // 4 * 4]), max_size=6)


def _written(folder: Path, said: list[bytes], key: Key | None, *, end: bool = True) -> Path:
    path = folder / f"call{suffix(key)}"
    path.unlink(missing_ok=True)
    file = AudioFile(path, "call", 2, key)
    for piece in said:
        file.write(piece)
    if end:
        file.close()
    return path


def _opened(path: Path, ring: Keyring = RING, call_id: str = "call") -> tuple[bytes, str]:
    """What can be heard of a file, and why no more."""
    sound = b""
    try:
        for piece in pieces(path, call_id, 2, ring):
            sound += piece
    except Unreadable as unreadable:
        return sound, str(unreadable)
    return sound, ""


@pytest.mark.req("M5")
@settings(max_examples=40)
@given(said=sounds, sealed=st.booleans(), end=st.booleans())
def test_what_was_written_is_heard(
    said: list[bytes], sealed: bool, end: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Ended or not, sealed or not, a file gives back what was said; less than a piece is missing if it is unended."""
    path = _written(tmp_path_factory.mktemp("audio"), said, KEY if sealed else None, end=end)
    whole = b"".join(said)
    heard, problem = _opened(path)
    assert whole.startswith(heard)
    assert path.stat().st_mode & 0o777 == 0o600
    assert length_s(path, 2) == len(heard) / 32000
    if end or not sealed:
        assert (heard, problem) == (whole, "")
    else:
        assert problem == "it is cut off"
        assert len(heard) > len(whole) - PIECE_BYTES
    if sealed and len(whole) > 64:
        assert whole[:64] not in path.read_bytes()


@pytest.mark.req("M5")
@settings(max_examples=60)
@given(at=st.integers(0, HEADER_BYTES + 3 * (PIECE_BYTES + TAG_BYTES) + TAG_BYTES + 99), bit=st.integers(0, 7))
def test_a_changed_bit_is_noticed(at: int, bit: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any bit of a sealed file turned round: what is heard is a true beginning of what was said, and no more."""
    said = bytes(range(256)) * (3 * PIECE_BYTES // 256) + bytes(100)
    path = _written(tmp_path_factory.mktemp("audio"), [said], KEY)
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)
    heard, problem = _opened(path)
    assert problem
    assert said.startswith(heard)
    assert len(heard) <= max(0, at - HEADER_BYTES)


@pytest.mark.req("M5")
def test_pieces_cannot_be_moved_cut_or_taken_from_another_call(tmp_path: Path) -> None:
    """Two pieces exchanged, the end cut at a piece's border, or the file given another call's name: each is named."""
    path = _written(tmp_path, [bytes(PIECE_BYTES), b"\1" * PIECE_BYTES, b"\2" * 100], KEY)
    content, step = path.read_bytes(), PIECE_BYTES + TAG_BYTES
    first, second = content[HEADER_BYTES : HEADER_BYTES + step], content[HEADER_BYTES + step : HEADER_BYTES + 2 * step]
    path.write_bytes(content[:HEADER_BYTES] + second + first + content[HEADER_BYTES + 2 * step :])
    assert _opened(path) == (b"", "it was changed at its beginning")
    path.write_bytes(content[: HEADER_BYTES + 2 * step])
    assert _opened(path)[1] == "it is cut off"
    path.write_bytes(content)
    assert _opened(path, call_id="another")[0] == b""


@pytest.mark.req("M5")
def test_old_keys_open_what_they_sealed(tmp_path: Path) -> None:
    """After a change of keys the old file opens with the old key in the ring; without it, its name is said."""
    path = _written(tmp_path, [b"said" * 100], KEY)
    new = Key(bytes(32))
    assert _opened(path, Keyring(new, (KEY,))) == (b"said" * 100, "")
    assert _opened(path, Keyring(new)) == (b"", f"it is sealed with the key {KEY.name.hex()}, which is not given")
    assert KEY.secret.hex() not in repr(Keyring(new, (KEY,)))


@pytest.mark.req("M5", "T4")
def test_a_key_file_is_its_owners_and_lies_elsewhere(tmp_path: Path) -> None:
    """`recording new-key` makes one, 0600, replacing none; one others may read, or in the state directory, is none."""
    state, file = tmp_path / "state", tmp_path / "recordings.key"
    state.mkdir()
    for status in (0, 2):
        assert CliRunner().invoke(main, ["recording", "new-key", str(file)]).exit_code == status
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_keyring(file, (file,), state).find(read_key(file, state).name)
    file.chmod(0o640)
    with pytest.raises(KeyFault, match="chmod 600"):
        read_key(file, state)
    make_key(state / "inside.key")
    with pytest.raises(KeyFault, match="move it elsewhere"):
        read_key(state / "inside.key", state)
    (tmp_path / "link.key").symlink_to(state / "inside.key")
    with pytest.raises(KeyFault, match="move it elsewhere"):
        read_key(tmp_path / "link.key", state)
    with pytest.raises(KeyFault, match="new-key"):
        read_key(tmp_path / "none", state)
    file.chmod(0o600)
    file.write_text("short\n")
    with pytest.raises(KeyFault, match="64 hexadecimal"):
        read_key(file, state)


@contextmanager
def _no_file_over(size: int) -> Iterator[None]:
    """As on a full disk, no file of this process grows over a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.req("M5")
@pytest.mark.parametrize("key", [None, KEY])
def test_a_full_disk_takes_nothing_of_what_was_said_before(key: Key | None, tmp_path: Path) -> None:
    """The write that does not fit raises, and nothing of it is left; what was there plays."""
    path = tmp_path / f"call{suffix(key)}"
    file = AudioFile(path, "call", 2, key)
    said = [bytes([n]) * PIECE_BYTES for n in range(4)]
    with _no_file_over(30_000):
        for piece in said[:3]:
            file.write(piece)
        with pytest.raises(OSError, match="large"):
            file.write(said[3])
    file.close()
    assert _opened(path) == (b"".join(said[:3]), "")
    if key is None:
        assert soundfile.info(path).frames == 3 * PIECE_BYTES // 4


@pytest.mark.req("M1")
def test_a_prompt_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    """On a full disk an upload fails, the old prompt stays in effect, and no half of the new one is left."""
    uploads, number = Uploads(tmp_path), Number400("4006001234")
    uploads.add(number, "hello", tone(700, 1))
    with _no_file_over(20_000), pytest.raises(OSError, match="large"):
        uploads.add(number, "hello", tone(700, 2))
    (upload,) = uploads.every(number)
    assert (upload.length_s, upload.version) == (1.0, 1)
    assert [path.name for path in upload.path.parent.rglob("*") if path.is_file()] == ["hello.wav"]
