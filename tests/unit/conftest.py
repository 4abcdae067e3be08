"""What unit tests of several rooms use: an empty store, a control server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from b2bua.store.store import Store
from tests.support.control_server import serving

__all__ = ["serving", "store"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = Store.open(tmp_path / "state" / "switch400.db", tmp_path / "state" / "spool")
    yield opened
    opened.close()
