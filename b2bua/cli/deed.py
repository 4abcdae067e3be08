"""Deeds of the command line in the audit trail, and files that leave the switch.

Rule: a copy that leaves is for its taker only, replaces nothing, and is written down before it is made.
"""

import getpass
import os
import shutil
import time
from pathlib import Path

from b2bua.store.audit import AuditEntry
from b2bua.store.store import Store


def note(store: Store, verb: str, subject: str, detail: str) -> None:
    """Write down what the user of this command does to a number."""
    store.note(AuditEntry(round(time.time() * 1000), getpass.getuser(), verb, subject, detail))


def copy_out(source: Path, to: Path) -> None:
    """Copy a file to a new one, mode 0600. Raises OSError, FileExistsError if there is one already."""
    with source.open("rb") as taken, os.fdopen(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        shutil.copyfileobj(taken, out)
