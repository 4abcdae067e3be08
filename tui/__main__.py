"""`python -m tui`: the console as a program.

Rule: a fault of the command line is reported in one line, before the screen is changed.
"""

import argparse
import gc
import getpass
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from b2bua.console.client_token import find_token
from b2bua.console.protocol import Role
from tui.app import Console
from tui.feed_recording import Player, Recorder
from tui.i18n import Language, set_language
from tui.keys import KeysFault
from tui.link import Link
from tui.themes import THEMES

_COLLECT: Final = (2000, 20, 50)


def own_folder() -> Path:
    """Where this user's keys and drafts are kept."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "switch400"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="switch400 console", description="The NOC console of switch400.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--socket", type=Path, metavar="PATH", help="the daemon's control socket")
    source.add_argument("--replay", type=Path, metavar="FILE", help="play a recording instead")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N", help="replay N times as fast")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep the feed in this file")
    parser.add_argument("--lang", choices=[str(language) for language in Language], help="default: by the locale")
    parser.add_argument("--theme", choices=[theme.name for theme in THEMES], default="night")
    parser.add_argument(
        "--role", choices=[str(role) for role in Role], default="admin", help="ask for no more than this"
    )
    parser.add_argument("--own", type=Path, default=own_folder(), metavar="DIR", help="your keys and drafts")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="your token (else SWITCH400_TOKEN)")
    parser.add_argument("--who", default=getpass.getuser(), help="your name in the audit trail")
    return parser


def _run(console: Console) -> None:
    """Run the console. The garbage collector skips what is loaded by now, and runs less often for the rest: a full
    collection would delay a key by 40 ms (measured)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    console.run()


def main() -> int:
    """Run the console until it is quit."""
    parser = _parser()
    options = parser.parse_args()
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    set_language(Language(options.lang) if options.lang else Language.ZH if locale.startswith("zh") else Language.EN)
    try:
        if options.replay is not None:
            if options.speed <= 0:
                parser.error("--speed must be more than 0")
            _run(Console(Player(options.replay, options.speed), options.own, options.theme))
            return 0
        with Recorder(options.record) if options.record is not None else nullcontext() as recorder:
            token = find_token(options.token_file)
            link = Link(options.socket, Role(options.role), options.who, recorder, token)
            _run(Console(link, options.own, options.theme))
    except (KeysFault, OSError, ValueError) as fault:
        sys.stderr.write(f"switch400 console: {fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
