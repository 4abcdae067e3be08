"""The configuration of a switch with room for two calls."""

from pathlib import Path

from tests.support.ports import free_port

_CONFIG = """
state = "{state}"
[sip]
listen = "127.0.0.1:{port}"
[processes]
spare = 2
most = 2
[trunk.carrier]
sources = ["127.0.0.0/8"]
{trunk}
[gateway.out]
host = "127.0.0.1"
port = {gateway}
{more}
"""


def configuration(folder: Path, *, port: int, trunk: str = "", more: str = "") -> Path:
    """The file of a switch with room for two calls, its state in `folder`."""
    file = folder / "switch400.toml"
    fields = {"state": folder / "state", "port": port, "gateway": free_port(), "trunk": trunk, "more": more}
    file.write_text(_CONFIG.format(**fields), encoding="utf-8")
    return file
