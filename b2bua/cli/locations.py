"""Where the files and the control socket of a switch are, and the command line options that name them.

Rule: the state directory is that of `--state`, else of the configuration's `state`, else of `SWITCH400_STATE`, else
`var/` in the current directory, if there is one, else `/var/lib/switch400`. Every command finds it in the same way.
"""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import attrs
import click

from b2bua.cli.failures import reported_failures
from b2bua.config.configuration import Keeping, read
from b2bua.config.trunks import Trunk
from b2bua.media.keys import Keyring, read_keyring
from b2bua.store.store import Store

_LAST: Final = Path("/var/lib/switch400")
_SYSTEMS: Final = Path("/var")
"""`var` in the root directory is the system's, not a switch's."""


@attrs.frozen
class Locations:
    """The state directory of a switch, its database (a file in `state`, or an SQLAlchemy URL), its keys and trunks."""

    state: Path
    database: Path | str
    control: Path
    """The control socket of the running daemon."""
    keeping: Keeping = attrs.field(factory=Keeping)
    trunks: dict[str, Trunk] = attrs.field(factory=dict)
    """Those of the configuration, by name; none if no configuration was named."""

    def open_store(self, *, create: bool = False) -> Store:
        """The store; raises StoreUnusable, also if there is none yet and `create` is not set."""
        return Store.open(self.database, self.state / "spool", create=create)

    def keyring(self) -> Keyring:
        """The keys of recordings and messages, which only a configuration names. Raises KeyFault."""
        return read_keyring(self.keeping.key, self.keeping.old_keys, self.state)


def locate(config_file: Path | None = None, state: Path | None = None) -> Locations:
    """The locations that the options and the environment name. Raises ConfigFault."""
    config = read(config_file) if config_file else None
    if state is None:
        state = config.state if config else _usual()
    database = (config.store if config else "") or state / "switch400.db"
    given = config.control.socket if config else None
    control = given or state / "control.sock"
    return (
        Locations(state, database, control, config.keeping, config.trunk)
        if config
        else Locations(state, database, control)
    )


def _usual() -> Path:
    if given := os.environ.get("SWITCH400_STATE"):
        return Path(given)
    here = Path("var")
    return here if here.is_dir() and here.resolve() != _SYSTEMS else _LAST


def with_locations(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options `--config` and `--state`, and call it with `locations`; its failures are reported.

    In a group the options may be before or after the name of the subcommand.
    """

    @click.option("--config", "config_file", type=click.Path(path_type=Path), help="Configuration file (TOML).")
    @click.option("--state", type=click.Path(path_type=Path), help="State directory (default: var/ if there is one).")
    # Any: the arguments of any command
    @wraps(command)
    def with_found_locations(*args: Any, config_file: Path | None, state: Path | None, **rest: Any) -> None:
        given = click.get_current_context().meta
        config_file = given.setdefault("switch400.config", config_file) if config_file is None else config_file
        state = given.setdefault("switch400.state", state) if state is None else state
        given.update({"switch400.config": config_file, "switch400.state": state})
        with reported_failures():
            command(*args, locations=locate(config_file, state), **rest)

    return with_found_locations
