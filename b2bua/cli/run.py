"""`switch400 run`: runs the switch in the foreground, until Ctrl-C or SIGTERM."""

import logging
import sys
from contextlib import nullcontext
from pathlib import Path

import attrs
import click
import trio

from b2bua.base.errors import StartFault
from b2bua.config import example
from b2bua.config.configuration import Config, ConfigFault, read
from b2bua.daemon.daemon import Daemon


@click.command()
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="Configuration file (TOML).")
@click.option("--state", type=click.Path(path_type=Path), help="State directory, in place of the configuration's.")
@click.option("--example", "as_example", is_flag=True, help="Loopback, an example number, two test telephones.")
@click.option("--port", type=click.IntRange(1, 65535), default=5060, show_default=True, help="SIP port of --example.")
@click.option("--keep-calls", is_flag=True, help="On SIGTERM leave calls in progress to the next daemon.")
@click.option("--verbose", "-v", is_flag=True, help="Log what goes on, not only what goes wrong.")
def command(
    config_file: Path | None, state: Path | None, as_example: bool, port: int, keep_calls: bool, verbose: bool
) -> None:
    """Run the switch."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        config = _config(config_file, state, as_example, port)
        daemon = Daemon(config, plans=[example.plan(port)] if as_example else [], keep_calls=keep_calls)
        with example.phones(port) if as_example else nullcontext():
            trio.run(daemon.run, example.welcome(port) if as_example else f"switch400 listens on {config.sip.listen}")
    except (ConfigFault, StartFault) as fault:
        click.echo(fault, err=True)
        sys.exit(2)


def _config(config_file: Path | None, state: Path | None, as_example: bool, port: int) -> Config:
    if as_example:
        return example.config((state or Path("var")).resolve(), port)
    if config_file is None:
        raise ConfigFault("say --config FILE for real use, or --example for a worked example on loopback")
    config = read(config_file)
    return attrs.evolve(config, state=state.resolve()) if state else config
