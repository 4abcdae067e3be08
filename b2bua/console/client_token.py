"""Finds the token with which a console or a command authenticates to the daemon.

Rule: a token is never a command line argument, because everyone on the machine can read those. It is taken from the
file named, else from `SWITCH400_TOKEN`, else from the file that `SWITCH400_TOKEN_FILE` names, else from
`switch400/token` in the user's configuration folder, if there is one; a file that others may read is refused.
"""

import os
from pathlib import Path


class CredentialFault(ValueError):
    """The file of a token cannot be used: one line that says why and what to do."""


def find_token(named: Path | None = None) -> str:
    """The token for the Hello; empty if there is none, as for the switch's own user. Raises CredentialFault."""
    if named is not None:
        return _in_file(named)
    if token := os.environ.get("SWITCH400_TOKEN", "").strip():
        return token
    if file := os.environ.get("SWITCH400_TOKEN_FILE"):
        return _in_file(Path(file))
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "switch400" / "token"
    return _in_file(own) if own.exists() else ""


def _in_file(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise CredentialFault(f"{file} can be read by others: chmod 600 it")
        token = file.read_text("utf-8").strip()
    except UnicodeDecodeError as error:
        raise CredentialFault(f"{file} holds no token: it is not text") from error
    except OSError as error:
        raise CredentialFault(f"{file}: {error.strerror}") from error
    if not token or any(letter.isspace() for letter in token):
        raise CredentialFault(f"{file} holds no token: write into it what `switch400 token add` printed")
    return token
