"""Where a switch keeps its state, and how a command is told.

Rule: `--state` before the configuration's `state` before `SWITCH400_STATE` before `var/` in the current directory, if
there is one, before `/var/lib/switch400`. The same switch is found by every command in the same way.
"""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import attrs
import click

from b2bua.cli.outcome import outcome
from b2bua.config.configuration import Keeping, read
from b2bua.config.trunks import Trunk
from b2bua.media.keys import Keyring, read_keyring
from b2bua.store.store import Store

_LAST: Final = Path("/var/lib/switch400")
_SYSTEMS: Final = Path("/var")
"""What `var` is for a command typed in `/`: no switch's."""


@attrs.frozen
class Place:
    """One switch's state directory, its database (a file in there unless a URL was configured), and its keys."""

    state: Path
    database: Path | str
    control: Path
    """The socket where a running daemon takes requests."""
    keeping: Keeping = attrs.field(factory=Keeping)
    trunks: dict[str, Trunk] = attrs.field(factory=dict)
    """Those of the configuration, by name; none if no configuration was named."""

    def open_store(self, *, create: bool = False) -> Store:
        """The store; raises StoreUnusable, also if there is none yet and `create` is not set."""
        return Store.open(self.database, self.state / "spool", create=create)

    def keyring(self) -> Keyring:
        """The keys of recordings and messages, which only a configuration names. Raises KeyFault."""
        return read_keyring(self.keeping.key, self.keeping.old_keys, self.state)


def locate(config_file: Path | None = None, state: Path | None = None) -> Place:
    """The place that options and environment name. Raises ConfigFault."""
    config = read(config_file) if config_file else None
    if state is None:
        state = config.state if config else _usual()
    database = (config.store if config else "") or state / "switch400.db"
    said = config.control.socket if config else None
    control = said or state / "control.sock"
    return Place(state, database, control, config.keeping, config.trunk) if config else Place(state, database, control)


def _usual() -> Path:
    if said := os.environ.get("SWITCH400_STATE"):
        return Path(said)
    here = Path("var")
    return here if here.is_dir() and here.resolve() != _SYSTEMS else _LAST


def at_place(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--config` and `--state`, and call it with `place`; its failures end as `outcome` says.

    In a group they may stand before or after the name of the subcommand.
    """

    @click.option("--config", "config_file", type=click.Path(path_type=Path), help="Configuration file (TOML).")
    @click.option("--state", type=click.Path(path_type=Path), help="State directory (default: var/ if there is one).")
    @wraps(command)
    def with_place(*args: Any, config_file: Path | None, state: Path | None, **rest: Any) -> None:
        said = click.get_current_context().meta
        config_file = said.setdefault("switch400.config", config_file) if config_file is None else config_file
        state = said.setdefault("switch400.state", state) if state is None else state
        said.update({"switch400.config": config_file, "switch400.state": state})
        with outcome():
            command(*args, place=locate(config_file, state), **rest)

    return with_place
