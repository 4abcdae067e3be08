"""Takes the digits of passwords out of a document's own text, so that it can be kept and shown (O5).

Rule: what is left describes the same plan, word for word but for the password.
"""

import re
import tomllib
from typing import Final

from routing.secret import hide

_PASSWORD: Final = re.compile(r"""(password["']?\s*=\s*)(["'])(\d{4,16})\2""")


def conceal(text: str) -> str:
    """A sound document with its passwords as hashes, as `routing.document.parse` reads them; comments and all."""
    number = str(tomllib.loads(text).get("number"))
    return _PASSWORD.sub(lambda found: f'{found[1]}"{hide(found[3], number)}"', text)
