"""Authenticates the far end of a control link: who it is, and in which role.

Rule: a token identifies its person, who gets no higher role than theirs, whatever the Hello says. Without a token, only
the switch's own user and root are accepted (SO_PEERCRED, unix(7)), in the role that they ask for; the name they give is
not proved, so the login name is added to it.
"""

import logging
import os
import pwd

import attrs

from b2bua.api.dispatch import Asker
from b2bua.console.protocol import Hello, Role
from b2bua.control.tokens import Tokens, TokensFault, digest

_log = logging.getLogger("switch400.control")


@attrs.frozen
class Authenticated:
    """A person who was accepted; `sha256` is their token's digest, empty without a token."""

    asker: Asker
    sha256: str = ""


class Authentication:
    """Accepts people by these tokens (None: only the switch's own user and root)."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens

    def authenticate(self, hello: Hello, uid: int) -> Authenticated:
        """The person who sent this Hello from a process of user `uid`. Raises ValueError with a sentence for them."""
        if hello.token:
            return self._by_token(hello)
        if uid not in (0, os.geteuid()):
            raise ValueError(
                f"{login_of(uid)} is not the switch's own user, so a token is needed: "
                "SWITCH400_TOKEN or --token-file; `switch400 token add` makes one"
            )
        login = login_of(uid)
        name = f"{hello.who} ({login})" if hello.who not in ("", login) else login
        return Authenticated(Asker(name, hello.role))

    def is_still_valid(self, authenticated: Authenticated) -> bool:
        """Whether this person would be accepted again, with no lower role."""
        if not authenticated.sha256 or self._tokens is None:
            return True
        try:
            person = self._tokens.by_digest(authenticated.sha256)
        except TokensFault as fault:
            _log.error("%s", fault)
            return False
        return person is not None and person.role.may(authenticated.asker.role)

    def _by_token(self, hello: Hello) -> Authenticated:
        sha256 = digest(hello.token)
        try:
            person = self._tokens.by_digest(sha256) if self._tokens else None
        except TokensFault as fault:
            _log.error("%s", fault)
            raise ValueError("the daemon cannot read its tokens; its log says why") from fault
        if person is None:
            raise ValueError("this token is not known here: it is mistyped, or was removed")
        role = min(hello.role, person.role, key=list(Role).index)
        return Authenticated(Asker(person.name, role), sha256)


def login_of(uid: int) -> str:
    """The login name of a user of this machine."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
