"""`python -m tui.web`: serve the console to browsers, on loopback unless told otherwise.

Rule: a fault is reported in one line before anything is served.
"""

import argparse
import sys
from pathlib import Path

from tui.__main__ import own_folder
from tui.i18n import Language, set_language
from tui.web.server import WebConsole


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="switch400 web",
        description="The console of switch400 in a browser. People log in with the name and the token that "
        "`switch400 token add` gave them; the daemon holds them to their role.",
    )
    parser.add_argument("--socket", type=Path, metavar="PATH", required=True, help="the daemon's control socket")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--public-url", metavar="URL", help="how browsers reach it, if through a proxy (TLS)")
    parser.add_argument("--lang", choices=[str(language) for language in Language], default="zh")
    return parser


def main() -> int:
    """Serve until stopped."""
    options = _parser().parse_args()
    set_language(Language(options.lang))
    try:
        WebConsole(options.socket.absolute(), own_folder(), options.host, options.port, options.public_url).serve()
    except BlockingIOError:
        sys.stderr.write(f"switch400 web: another one runs on port {options.port}; choose another --port\n")
        return 1
    except OSError as fault:
        sys.stderr.write(f"switch400 web: {fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
