"""The import contracts hold at run time too: what a fresh interpreter has loaded after importing a room."""

import subprocess
import sys

import pytest

ALL_OF = (
    "import pkgutil, importlib, {0}; "
    "[importlib.import_module(m.name) for m in pkgutil.walk_packages({0}.__path__, '{0}.')]"
)
SHOW = "; import sys; print('\\n'.join(sys.modules))"


def loaded(code: str) -> set[str]:
    """Top-level names, and names of our own modules, that are loaded after this code."""
    shown = subprocess.run([sys.executable, "-c", code + SHOW], capture_output=True, text=True, check=True, timeout=60)
    names = shown.stdout.split()
    return {name.partition(".")[0] for name in names} | {name for name in names if name.startswith("b2bua")}


@pytest.mark.req("S2", "S6")
def test_routing_is_pure() -> None:
    """The core loads nothing that does I/O for it, and no other room."""
    found = loaded(ALL_OF.format("routing"))
    assert not found & {"trio", "pjsua2", "sqlalchemy", "textual", "msgpack", "click", "phone", "b2bua", "tui"}


@pytest.mark.req("S3", "S6")
def test_the_console_knows_only_the_protocol() -> None:
    """The console loads neither the C stack nor the store, the edge or the daemon."""
    found = loaded(ALL_OF.format("tui"))
    rooms = {"b2bua.daemon.daemon", "b2bua.pool.pool", "b2bua.edge", "b2bua.store", "b2bua.callproc"}
    assert not found & ({"trio", "pjsua2", "sqlalchemy"} | rooms)


@pytest.mark.req("S1", "S6")
def test_the_daemon_is_without_the_c_stack() -> None:
    """Nothing that the daemon loads brings pjsua2 in, which aborts by assert; nor the console."""
    assert not loaded("import b2bua.daemon.daemon, b2bua.cli.run") & {"pjsua2", "_pjsua2", "textual", "b2bua.callproc"}
