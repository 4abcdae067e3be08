"""SIP messages as text: read by field, and written by hand (RFC 3261).

Rule: a test's message says what the test says, whether or not it is right; only Content-Length is counted.
"""

import re
from collections.abc import Sequence


def field(message: str, name: str) -> str:
    """The first header field of a name, empty if there is none."""
    found = re.search(rf"^{name}[ \t]*:[ \t]*(.*?)\r?$", message, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def start(message: str) -> str:
    """The start line."""
    return message.partition("\r\n")[0]


def message(lines: Sequence[str], body: str = "", kind: str = "application/sdp") -> str:
    """A message of these start and header lines, with its Content-Length, and Content-Type if there is a body."""
    content = [f"Content-Type: {kind}"] if body else []
    return "\r\n".join([*lines, *content, f"Content-Length: {len(body.encode())}", "", body])


def response(request: str, status: str, body: str = "", *, tag: str, contact: str, headers: Sequence[str] = ()) -> str:
    """The response to a request (RFC 3261, 8.2.6): what must be copied is copied; `tag` is ours if To has none yet."""
    to = field(request, "To")
    copied = [line for line in request.split("\r\n") if line.lower().startswith("via:")]
    copied += [f"From: {field(request, 'From')}", f"To: {to if ';tag=' in to else f'{to};tag={tag}'}"]
    copied += [f"Call-ID: {field(request, 'Call-ID')}", f"CSeq: {field(request, 'CSeq')}"]
    return message([f"SIP/2.0 {status}", *copied, f"Contact: <{contact}>", *headers], body)


def audio_sdp(media: str, *, version: int = 1, direction: str = "sendrecv", attributes: Sequence[str] = ()) -> str:
    """A session description (RFC 4566) with one stream: `media` is port, profile and payload types after `m=audio`."""
    head = ["v=0", f"o=far 1 {version} IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", f"m=audio {media}"]
    return "\r\n".join([*head, *attributes, f"a={direction}", ""])
