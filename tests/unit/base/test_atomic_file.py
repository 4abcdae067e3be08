"""Root at work on a switch that runs as a user of its own, and that user's limits."""

import errno
import grp
import os
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from b2bua.base.atomic_file import give_to_folder_owner, write_whole
from b2bua.base.errors import StoreUnusable
from b2bua.cli import main
from b2bua.cli.locations import locate
from b2bua.control.server import listen
from b2bua.store.database import open_database
from tests.unit.routing.calls import TWO_TARGETS

NOBODY = 65534
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for another user")


@pytest.mark.req("T4")
def test_what_root_makes_is_the_switches(tmp_path: Path) -> None:
    """Tokens and a first plan that root puts in belong to the user that owns the state directory."""
    state, plan = tmp_path / "state", tmp_path / "plan.toml"
    state.mkdir()
    os.chown(state, NOBODY, NOBODY)
    plan.write_text(TWO_TARGETS, encoding="utf-8")
    for words in (("token", "add", "wang", "--role", "operator"), ("plan", "publish", str(plan))):
        done = CliRunner().invoke(main, [*words, "--state", str(state)])
        assert done.exit_code == 0, done.output
    made = sorted(state.rglob("*"))
    assert {"tokens.toml", "switch400.db"} <= {path.name for path in made}
    assert [path.name for path in made if (path.stat().st_uid, path.stat().st_gid) != (NOBODY, NOBODY)] == []


@pytest.mark.req("T4")
def test_a_group_that_the_switch_is_not_in() -> None:
    """The kernel does not let a user give a file to a foreign group; the fault names setting and mend."""
    own = {NOBODY, os.getegid(), *os.getgroups()}
    foreign = next(group.gr_name for group in grp.getgrall() if group.gr_gid not in own)
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(PermissionError, match=rf"control\.group: nobody is not in {foreign}; usermod -aG"):
                listen(Path(folder) / "a.sock", foreign)
        finally:
            os.seteuid(0)


@pytest.mark.req("T4")
def test_the_database_of_another_user() -> None:
    """Who may not use the switch's database is told who may, whether or not the folder lets them look."""
    with tempfile.TemporaryDirectory() as folder:
        open_database(Path(folder) / "switch400.db").dispose()
        for mode in (0o755, 0o700):
            Path(folder).chmod(mode)
            os.setresuid(NOBODY, NOBODY, 0)
            try:
                with pytest.raises(StoreUnusable, match="own user or root"):
                    open_database(Path(folder) / "switch400.db")
            finally:
                os.setresuid(0, 0, 0)


def test_the_usual_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`var` in the current directory is a switch's, but not when that is `/`."""
    monkeypatch.delenv("SWITCH400_STATE", raising=False)
    monkeypatch.chdir("/")
    assert locate().state == Path("/var/lib/switch400")
    (tmp_path / "var").mkdir()
    monkeypatch.chdir(tmp_path)
    assert locate().state == Path("var")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves the old content and no partial file; one that succeeds is 0600."""
    file = tmp_path / "tokens.toml"
    write_whole(file, b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_whole(file, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.toml"]
    assert file.read_bytes() == b"old"
    write_whole(file, b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o600)


def test_a_user_who_is_not_root_gives_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root may give files to others, so nobody else tries."""
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    monkeypatch.setattr(os, "chown", lambda *_, **__: pytest.fail("chown was called"))
    give_to_folder_owner(tmp_path)
