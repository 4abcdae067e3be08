"""DialogTokens: how a message from outside names the call process that it is for.

Rule: only the holder of the secret can make one. A token is `incarnation.port.mac`, the MAC a keyed BLAKE2b of 80 bits
(RFC 7693) under the daemon's secret over what the token is for. It stands in the user part of our Contact and in the
branch of our Via, so that a daemon started anew with the same secret finds every dialog and transaction again.
"""

import re
from hashlib import blake2b
from hmac import compare_digest
from typing import Final

import attrs

from b2bua.edge.settings import EdgeSettings

_MAC_BYTES: Final = 10
_MOST_KEY_BYTES: Final = 64
COOKIE: Final = "z9hG4bK"
"""What every branch begins with (RFC 3261, 8.1.1.7)."""

_CONTACT = re.compile(r"([A-Za-z0-9_\-]{1,40})\.([0-9a-f]{1,4})\.([0-9a-f]{20})")
_BRANCH = re.compile(r"z9hG4bK([A-Za-z0-9_\-]{1,40})\.([0-9a-f]{1,4})\.([0-9a-f]{20})\.([A-Za-z0-9\-.!%*_+`'~]{1,128})")
_INCARNATION = re.compile(r"[A-Za-z0-9_\-]{1,40}")


@attrs.frozen
class ProcessAddress:
    """A call process: its UDP port on loopback, and its random name (`Hello.incarnation`), never used again."""

    sip_port: int
    incarnation: str


class DialogTokens:
    """Makes and reads tokens under one secret (at least 16 random bytes, kept over restarts)."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("the edge's secret has fewer than 16 bytes; make one with secrets.token_bytes(32)")
        # Not OpenSSL's HMAC: looking its algorithm up costs ten times what the sum itself does, twenty times a call.
        self._key = secret[:_MOST_KEY_BYTES]

    def mac(self, purpose: str, *parts: str) -> str:
        """20 hexadecimal digits that only the holder of the secret can compute for this purpose and these parts."""
        text = "\0".join((purpose, *parts))
        return blake2b(text.encode("latin-1"), digest_size=_MAC_BYTES, key=self._key).hexdigest()

    def contact(self, process: ProcessAddress) -> str:
        """The user part of the Contact that leads to a process. Raises ValueError for an odd incarnation."""
        if not _INCARNATION.fullmatch(process.incarnation):
            raise ValueError(f"incarnation {process.incarnation!r}: use 1–40 of A–Z a–z 0–9 _ -")
        port = f"{process.sip_port:x}"
        return f"{process.incarnation}.{port}.{self.mac('contact', process.incarnation, port)}"

    def read_contact(self, user: str) -> ProcessAddress | None:
        """The process that a Request-URI's user part names, or None if we never made it."""
        if not (found := _CONTACT.fullmatch(user)):
            return None
        incarnation, port, mac = found.groups()
        if not compare_digest(mac, self.mac("contact", incarnation, port)):
            return None
        return ProcessAddress(int(port, 16), incarnation)

    def branch(self, process: ProcessAddress, branch: str, call_id: str) -> str:
        """The branch of our Via on a request from a process whose own Via had `branch`."""
        own, port = branch.removeprefix(COOKIE), f"{process.sip_port:x}"
        mac = self.mac("branch", process.incarnation, port, own, call_id)
        return f"{COOKIE}{process.incarnation}.{port}.{mac}.{own}"

    def read_branch(self, branch: str, call_id: str) -> tuple[ProcessAddress, str] | None:
        """The process and its own branch behind a branch of ours, or None if it is not ours."""
        if not (found := _BRANCH.fullmatch(branch)):
            return None
        incarnation, port, mac, own = found.groups()
        if not compare_digest(mac, self.mac("branch", incarnation, port, own, call_id)):
            return None
        return ProcessAddress(int(port, 16), incarnation), COOKIE + own


@attrs.frozen
class ContactUris:
    """Prints the SIP URIs by which far ends reach call processes."""

    settings: EdgeSettings
    tokens: DialogTokens

    def of(self, process: ProcessAddress, transport: str = "udp") -> str:
        """The URI that leads to a process. Raises ValueError for an odd incarnation."""
        tail = ";transport=tcp" if transport == "tcp" else ""
        return f"sip:{self.tokens.contact(process)}@{self.settings.public_host}:{self.settings.public_port}{tail}"
