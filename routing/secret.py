"""A caller's password, kept as a salted hash (O5).

Rule: the digits themselves stand in no plan, log, trace or record. A document may hold them when it comes in;
the plan made of it holds the hash, and writes the hash back. The salt is the 400 number's, so that the same
document always gives the same plan; a few digits can be guessed by anyone who has the hash, so a plan is
still not for strangers.
"""

import re
from hashlib import scrypt
from hmac import compare_digest
from typing import Final, NewType

Secret = NewType("Secret", str)
"""`scrypt:<salt>:<hash>`, both in hexadecimal."""

_SECRET: Final = re.compile(r"scrypt:([0-9a-f]{8,64}):([0-9a-f]{64})")
_DIGITS: Final = re.compile(r"\d{4,16}")


def is_plain(text: str) -> bool:
    """Whether this is a password in digits, 4 to 16 of them."""
    return bool(_DIGITS.fullmatch(text))


def is_secret(text: str) -> bool:
    """Whether this is a hash as `hide` makes it."""
    return bool(_SECRET.fullmatch(text))


def _hash(digits: str, salt: bytes) -> str:
    return scrypt(digits.encode(), salt=salt, n=2**12, r=8, p=1, dklen=32).hex()  # 4 MB and about 10 ms


def hide(digits: str, salt: str) -> Secret:
    """The salted hash of a password."""
    salted = salt.encode()
    return Secret(f"scrypt:{salted.hex()}:{_hash(digits, salted)}")


def matches(secret: Secret, digits: str) -> bool:
    """Whether these digits are the password; False too for what is no hash."""
    found = _SECRET.fullmatch(secret)
    return found is not None and compare_digest(_hash(digits, bytes.fromhex(found[1])), found[2])
