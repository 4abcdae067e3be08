"""Plan documents read from files, as every command that takes one does.

Rule: a file that is no text is a fault like any other, named with all the others; a byte order mark is let pass.
"""

from collections.abc import Sequence
from pathlib import Path

from routing.document import Fault, PlanFaults


def read_documents(files: Sequence[Path]) -> list[str]:
    """The files' texts; raises PlanFaults naming every one that is no text, OSError for one that cannot be read."""
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
