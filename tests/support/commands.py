"""The command line, run on a running switch's state."""

from click.testing import CliRunner

from b2bua.cli import main
from tests.support.switch import Switch


def command(switch: Switch, *words: str, keys: bool = False) -> str:
    """What a command prints, which must succeed; with `keys` it is told the configuration, which names them."""
    place = ["--config", str(switch.folder / "switch400.toml")] if keys else ["--state", str(switch.state)]
    outcome = CliRunner().invoke(main, [*words, *place], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output
