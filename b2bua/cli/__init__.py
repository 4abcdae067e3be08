"""The `switch400` command.

Rule: a subcommand's module is imported only when it is called, so that `cdr` starts fast.
"""

from importlib import import_module
from typing import Final

import click

COMMANDS: Final = {
    "alarms": "list the active alarms",
    "call": "place a test call (拨测) as the carrier would",
    "cdr": "list, filter and show call records",
    "check": "find what is wrong or suspicious in plan documents",
    "console": "live calls and rule editing in the terminal",
    "explain": "show where a call would go, and why",
    "number": "suspend or activate a 400 number",
    "phone": "be a test telephone: answer, be busy, play a tone",
    "plan": "publish, list, compare and restore plans",
    "prompt": "add, list and remove prompts",
    "recording": "list, export and verify recordings of calls",
    "replay": "decide a recorded call again from its record",
    "run": "run the switch",
    "token": "manage who may use the console, the browser and these commands",
    "voicemail": "list, fetch, mark and delete voicemail messages",
    "web": "the console in a browser, with a login",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"b2bua.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands without importing a single one of them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Lazy)
@click.version_option(package_name="switch400")
def main() -> None:
    """switch400: an open switch for Chinese 400 numbers."""
