"""Reads plan documents from files, for every command that takes one.

Rule: a file that is not text is a fault like any other, reported with all the others; a byte order mark is accepted.
"""

from collections.abc import Sequence
from pathlib import Path

from routing.document import Fault, PlanFaults


def read_documents(files: Sequence[Path]) -> list[str]:
    """The files' texts. Raises PlanFaults that names every file that is not text, OSError if one cannot be read."""
    texts: list[str] = []
    faults: list[Fault] = []
    for file in files:
        try:
            texts.append(file.read_bytes().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            faults.append(Fault(f"{file}: document", f"is not UTF-8 text (byte {error.start})", "save it as UTF-8"))
    if faults:
        raise PlanFaults(tuple(faults))
    return texts
