"""A store in a folder of its own, on the disk that the tests run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from b2bua.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = Store.open(tmp_path / "state" / "switch400.db", tmp_path / "state" / "spool")
    yield opened
    opened.close()
