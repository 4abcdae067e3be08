"""What is wrong with a plan document, said to the person who wrote it.

Rule: all faults of a document are reported at once, each with its place, what is wrong, and the mend.
"""

import attrs


@attrs.frozen(order=True)
class Fault:
    """One thing wrong: `path` names its place (`targets.mobile.ring_s`), `problem` what is wrong, `mend` what
    to do."""

    path: str
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; {self.mend}"


class PlanFaults(Exception):
    """A document is no plan; `faults` are all of them, in the order of their places."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Wrong(ValueError):
    """One value is wrong; raised where it is read, and given its path by the reader."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend
