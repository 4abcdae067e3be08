"""`switch400 plan` and `number` as their user sees them, with and without a running daemon."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from b2bua.cli import main
from b2bua.store.store import Store
from tests.support.samples import document


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with two plans."""
    folder = tmp_path / "plans"
    folder.mkdir()
    (folder / "a.toml").write_text(document(), encoding="utf-8")
    (folder / "b.toml").write_text(document("400-800-1111"), encoding="utf-8")
    return folder


def run(tmp_path: Path, *arguments: str) -> Result:
    """Run a command at the test's own state directory."""
    environment = {"SWITCH400_STATE": str(tmp_path / "state")}
    return CliRunner(env=environment).invoke(main, list(arguments), catch_exceptions=False)


@pytest.mark.req("R11", "S4")
def test_publish_then_look(tmp_path: Path, files: Path) -> None:
    """A published file is listed, shown as written, and found in the history with its author and note."""
    published = run(tmp_path, "plan", "publish", str(files / "a.toml"), "--author", "li", "--note", "opening")
    assert "400-600-1234: version 1 is live" in published.output
    assert (tmp_path / "state" / "switch400.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert "示例公司" in run(tmp_path, "plan", "list").output
    assert run(tmp_path, "plan", "show", "4006001234").output == document()
    history = run(tmp_path, "plan", "history", "400-600-1234").output
    assert "li" in history
    assert "opening" in history


@pytest.mark.req("R11", "S4")
def test_faults_are_listed_by_file_and_nothing_changes(tmp_path: Path, files: Path) -> None:
    """Every fault is `FILE: path: problem — mend`, the status is 1, and the good file is not published either."""
    bad = files / "bad.toml"
    bad.write_text('number = "400-300-1234"\nsubscriber = "x"\nsurprise = 1\n', encoding="utf-8")
    binary = files / "binary.toml"
    result = run(tmp_path, "plan", "publish", str(files / "a.toml"), str(bad))
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith(f"{bad}: ") and " — " in line for line in lines)
    assert "400-600-1234" not in run(tmp_path, "plan", "list").output
    binary.write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text" in run(tmp_path, "plan", "publish", str(binary)).stderr


@pytest.mark.req("S4")
def test_sync_publishes_what_differs(tmp_path: Path, files: Path) -> None:
    """A folder under git is brought in: dry run first, then the files that differ; other numbers are left alone."""
    assert run(tmp_path, "plan", "sync", str(files)).output.count("is live (plan") == 2
    (files / "a.toml").write_text(document(target="138 0013 8000"), encoding="utf-8")
    (files / "b.toml").unlink()
    dry = run(tmp_path, "plan", "sync", str(files), "--dry-run").output
    assert "400-600-1234: would be published" in dry
    assert "400-800-1111: has no file" in dry
    assert run(tmp_path, "plan", "sync", str(files), "--dry-run").output == dry
    assert "version 3 is live" in run(tmp_path, "plan", "sync", str(files)).output
    assert "is live already, as version 3" in run(tmp_path, "plan", "sync", str(files)).output


@pytest.mark.req("S4")
def test_restore_and_export_round(tmp_path: Path, files: Path) -> None:
    """An old version comes back by its id; what is exported is what is live, and syncs back without a change."""
    run(tmp_path, "plan", "publish", str(files / "a.toml"))
    (files / "a.toml").write_text(document(target="138 0013 8000"), encoding="utf-8")
    run(tmp_path, "plan", "publish", str(files / "a.toml"))
    assert "version 3 is live" in run(tmp_path, "plan", "restore", "4006001234", "1").output
    assert run(tmp_path, "plan", "show", "4006001234", "--version", "2").output == document(target="138 0013 8000")
    out = tmp_path / "out"
    run(tmp_path, "plan", "export", str(out))
    assert (out / "4006001234.toml").read_text(encoding="utf-8") == document()
    assert "is live already" in run(tmp_path, "plan", "sync", str(out)).output
    assert "restored from 1" in run(tmp_path, "plan", "history", "4006001234").output


@pytest.mark.req("N7")
def test_suspend_and_activate(tmp_path: Path, files: Path) -> None:
    """A number is suspended and made active again, and saying it twice is said."""
    run(tmp_path, "plan", "publish", str(files / "a.toml"))
    assert run(tmp_path, "number", "suspend", "400-600-1234").output == "400-600-1234 is suspended\n"
    assert run(tmp_path, "number", "suspend", "4006001234").output == "400-600-1234 is suspended already\n"
    assert "suspended" in run(tmp_path, "plan", "list").output
    assert run(tmp_path, "number", "activate", "4006001234").output == "400-600-1234 is active\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "publish", "missing.toml"], "missing.toml"),
        (["plan", "show", "4006009999"], "400-600-9999 is not served here"),
        (["plan", "restore", "4006001234", "77"], "no version 77"),
        (["plan", "show", "12345"], "12345"),
        (["number", "suspend", "4006009999"], "is not served here"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path: Path, files: Path, arguments: list[str], words: str) -> None:
    """What is not there is said in one line, exit status 2."""
    run(tmp_path, "plan", "publish", str(files / "a.toml"))
    result = run(tmp_path, *arguments)
    assert (result.exit_code, result.stderr.count("\n"), words in result.stderr) == (2, 1, True)


@pytest.mark.parametrize(("content", "words"), [(b"no database" * 99, "not a database"), (b"", "")])
def test_unusable_database_is_said(tmp_path: Path, files: Path, content: bytes, words: str) -> None:
    """A file that is no database is refused and left as it is; an empty one becomes one."""
    (tmp_path / "state").mkdir()
    database = tmp_path / "state" / "switch400.db"
    database.write_bytes(content)
    result = run(tmp_path, "plan", "publish", str(files / "a.toml"))
    assert (result.exit_code, words in result.stderr) == (2 if content else 0, True)
    assert database.read_bytes() == content if content else Store.open(database, tmp_path).plans.all_live()
