"""`python -m tui.web`: serve the console to browsers, on loopback unless told otherwise.

Rule: what is wrong is said in one line before anything is served.
"""

import argparse
import getpass
import sys
from pathlib import Path

from tui.__main__ import own_folder
from tui.say import Language, speak
from tui.web.server import WebConsole
from tui.web.users import Users, UsersFault, hashed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="switch400 web", description="The console of switch400 in a browser.")
    parser.add_argument("--hash", action="store_true", help="ask for a password and print it for the file of users")
    parser.add_argument("--socket", type=Path, metavar="PATH", help="the daemon's control socket")
    parser.add_argument("--users", type=Path, metavar="FILE", help="who may log in (TOML)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--public-url", metavar="URL", help="how browsers reach it, if through a proxy")
    parser.add_argument("--lang", choices=[str(language) for language in Language], default="zh")
    return parser


def main() -> int:
    """Serve until stopped."""
    parser = _parser()
    options = parser.parse_args()
    if options.hash:
        sys.stdout.write(hashed(getpass.getpass()) + "\n")
        return 0
    if options.socket is None or options.users is None:
        parser.error("--socket and --users are needed")
    speak(Language(options.lang))
    try:
        users = Users.read(options.users)
        arguments = ["--socket", str(options.socket.absolute()), "--lang", options.lang]
        WebConsole(users, arguments, own_folder(), options.host, options.port, options.public_url).serve()
    except (UsersFault, OSError) as fault:
        sys.stderr.write(f"switch400 web: {fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
