"""Opening the database: its modes, its promises, and what is refused."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, update

from b2bua.base.errors import StoreUnusable
from b2bua.store.database import open_database, writing
from b2bua.store.migrate import bring_up
from b2bua.store.schema import SCHEMA_VERSION, schema_version


@pytest.mark.req("P1")
def test_what_is_committed_is_on_disk(tmp_path: Path) -> None:
    """WAL with full synchronisation, foreign keys held, and files that only the owner can read."""
    file = tmp_path / "state" / "switch400.db"
    engine = open_database(file)
    with engine.connect() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() for pragma in asked]
    assert found == ["wal", 2, 1, 5000]
    assert {entry.stat().st_mode & 0o777 for entry in file.parent.iterdir()} == {0o600}
    assert file.parent.stat().st_mode & 0o777 == 0o700
    engine.dispose()


def test_newer_schema_is_refused(tmp_path: Path) -> None:
    """A database that a newer program wrote is left alone, and the error says which versions meet."""
    engine = open_database(tmp_path / "switch400.db")
    with writing(engine) as connection:
        connection.execute(update(schema_version).values(version=SCHEMA_VERSION + 1))
    engine.dispose()
    with pytest.raises(StoreUnusable, match=f"version {SCHEMA_VERSION + 1} and this program knows {SCHEMA_VERSION}"):
        open_database(tmp_path / "switch400.db")


def test_steps_run_in_order_and_whole_or_not_at_all(tmp_path: Path) -> None:
    """An older database is brought forward by every step between; if one fails, it stays at its old version."""
    engine = open_database(tmp_path / "switch400.db")

    def second(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE later (x INTEGER)")

    def third(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE later ADD COLUMN y INTEGER")

    def failing(_: Connection) -> None:
        raise ZeroDivisionError

    def attempt(last: int, steps: dict[int, object]) -> None:
        with writing(engine) as connection:
            bring_up(connection, {SCHEMA_VERSION + 1: second} | steps, SCHEMA_VERSION + last)  # type: ignore[arg-type] # narrowed by use

    with pytest.raises(ZeroDivisionError):
        attempt(2, {SCHEMA_VERSION + 2: failing})
    with engine.connect() as connection:
        assert "later" not in inspect(connection).get_table_names()
    attempt(2, {SCHEMA_VERSION + 2: third})
    with engine.connect() as connection:
        assert {column["name"] for column in inspect(connection).get_columns("later")} == {"x", "y"}
    engine.dispose()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("not a url", "cannot be read"),
        ("nosuch://host/db", "nosuch"),
        ("sqlite:////proc/nowhere/switch400.db", "/proc/nowhere"),
    ],
)
def test_what_cannot_be_opened_is_said(where: str, words: str) -> None:
    """A URL that is wrong or a place where nothing can be made is one clear line."""
    with pytest.raises(StoreUnusable) as caught:
        open_database(where)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    """A database with tables that are not ours is refused."""
    engine = open_database(tmp_path / "switch400.db")
    with writing(engine) as connection:
        connection.exec_driver_sql("DROP TABLE schema_version")
    engine.dispose()
    with pytest.raises(StoreUnusable, match="not a switch400 database"):
        open_database(tmp_path / "switch400.db")
