"""The import contracts of pyproject.toml at run time: what fresh interpreters have loaded after importing a room.

Rule: the order of the rooms is read from pyproject.toml, so that it is written once.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
ROOMS: list[str] = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
"""The rooms of b2bua, each above those that it may import."""

ALL_OF = (
    "import pkgutil, importlib, {0}; "
    "[importlib.import_module(m.name) for m in pkgutil.walk_packages({0}.__path__, '{0}.')]"
)
"""Imports a package and every module in it."""
SHOW = "; import sys; print('\\n'.join(sys.modules))"
DOES_IO = {
    "trio",
    "socket",
    "ssl",
    "asyncio",
    "subprocess",
    "multiprocessing",
    "sqlite3",
    "sqlalchemy",
    "pjsua2",
    "numpy",
}
"""Modules through which a program reaches the world, or that do it at import."""


def loaded(code: str) -> set[str]:
    """The names of all modules that are loaded after this code, and of the packages that they are in."""
    shown = subprocess.run([sys.executable, "-c", code + SHOW], capture_output=True, text=True, check=True, timeout=60)
    names = shown.stdout.split()
    return {name.rsplit(".", dots)[0] for name in names for dots in range(name.count(".") + 1)}


def rooms_in(names: set[str]) -> set[str]:
    """The rooms of b2bua among loaded modules."""
    return {name.split(".")[1] for name in names if name.startswith("b2bua.")} - {"__main__"}


@pytest.mark.req("S6")
def test_every_folder_is_a_room() -> None:
    """`b2bua/` holds the rooms that the contract orders, and nothing loose beside them."""
    folders = {path.name for path in (ROOT / "b2bua").iterdir() if path.is_dir() and path.name != "__pycache__"}
    files = {path.name for path in (ROOT / "b2bua").iterdir() if path.is_file()}
    assert folders == set(ROOMS)
    assert files == {"__init__.py", "__main__.py"}


@pytest.mark.req("S6")
@pytest.mark.parametrize("room", ROOMS)
def test_a_room_loads_no_room_above_it(room: str) -> None:
    """Every module of a room can be loaded with the rooms below it only, and without the console."""
    found = loaded(ALL_OF.format(f"b2bua.{room}"))
    assert not rooms_in(found) & set(ROOMS[: ROOMS.index(room)])
    assert not found & {"tui", "textual"}
    assert room == "callproc" or not found & {"pjsua2", "_pjsua2"}, "pjsua2 aborts by assert"


@pytest.mark.req("S2", "S6")
def test_routing_is_pure() -> None:
    """The core loads nothing that does I/O, and no other room."""
    assert not loaded(ALL_OF.format("routing")) & (DOES_IO | {"b2bua", "tui", "textual", "msgpack", "click", "phone"})


@pytest.mark.req("S3", "S6")
def test_the_console_knows_only_the_protocol() -> None:
    """Of the switch the console loads what its contract names and base/: no store, no edge, no daemon, no C stack."""
    found = loaded(ALL_OF.format("tui"))
    (named,) = (contract["allowed_modules"] for contract in CONTRACTS if contract.get("source_modules") == ["tui"])
    allowed = [f"{name}." for name in (*named, "b2bua.base")]
    ours = [f"{name}." for name in found if name.startswith("b2bua.")]
    assert not [name for name in ours if not any(name.startswith(one) or one.startswith(name) for one in allowed)]
    assert not found & {"trio", "pjsua2", "sqlalchemy"}


@pytest.mark.req("S1", "S6")
def test_the_daemon_is_without_the_c_stack() -> None:
    """What `switch400 run` loads brings in neither pjsua2 nor the console."""
    found = loaded("import b2bua.daemon.daemon, b2bua.cli.run")
    assert not found & {"pjsua2", "_pjsua2", "textual", "tui", "b2bua.callproc"}
