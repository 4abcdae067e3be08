"""The lock files (requirements/*.lock) and pyproject.toml say the same.

Rule: nothing is fetched here. What a distribution requires is read from the ones that are installed.
"""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

import attrs
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
RENEW = "run `make lock`"


@attrs.frozen
class Locked:
    """One entry of a lock file: a distribution at a version, where its marker holds, with its hashes."""

    name: str
    version: Version
    requirement: Requirement
    hashes: int

    @property
    def applies(self) -> bool:
        """Whether this Python takes this entry."""
        return self.requirement.marker is None or self.requirement.marker.evaluate()


def entries(lock: str) -> list[Locked]:
    """What a lock file holds, for every Python."""
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    logical = re.sub(r"\\\n", " ", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE))
    found = []
    for line in logical.splitlines():
        words, *hashes = line.split("--hash=sha256:")
        requirement = Requirement(words)
        (pin,) = requirement.specifier
        found.append(Locked(canonicalize_name(requirement.name), Version(pin.version), requirement, len(hashes)))
    return found


def required(lock: str) -> list[Requirement]:
    """What pyproject.toml wants of a lock file."""
    wanted: list[str] = {
        "build": PROJECT["dependency-groups"]["build"],
        "run": [*PROJECT["project"]["dependencies"], *EXTRAS["postgresql"]],
        "dev": [*PROJECT["project"]["dependencies"], *(one for extra in EXTRAS.values() for one in extra)],
    }[lock]
    return [Requirement(one) for one in wanted]


def needed(roots: Iterable[Requirement]) -> set[str]:
    """The names of these distributions and of all that they require on this Python."""
    found: set[str] = set()
    waiting = [(canonicalize_name(root.name), frozenset(root.extras)) for root in roots]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        found.add(name)
        for text in distribution(name).requires or []:
            requirement = Requirement(text)
            if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                continue
            one = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return found


@pytest.mark.parametrize("lock", ["build", "run", "dev"])
def test_what_pyproject_requires_is_locked(lock: str) -> None:
    """Each requirement of pyproject.toml is locked at a version that it allows; whatever is locked has a hash."""
    locked = entries(lock)
    for requirement in required(lock):
        versions = [one.version for one in locked if one.name == canonicalize_name(requirement.name)]
        assert versions, f"{requirement.name} is not in requirements/{lock}.lock: {RENEW}"
        assert all(requirement.specifier.contains(one) for one in versions), f"{requirement} is not {versions}: {RENEW}"
    assert all(one.hashes for one in locked)


@pytest.mark.parametrize("lock", ["build", "run", "dev"])
def test_nothing_else_is_locked(lock: str) -> None:
    """A lock file holds what is required, directly or by another, and nothing that pyproject.toml has let go."""
    locked = {one.name for one in entries(lock) if one.applies}
    assert locked == needed(required(lock)), RENEW


def test_what_is_installed_is_what_is_locked() -> None:
    """Tests run on the versions that the lock files name, so that a green run says something of a fresh clone."""
    for one in entries("dev"):
        if one.applies:
            assert Version(distribution(one.name).version) == one.version, f"{one.name}: run `make .venv/dev`"


def test_tests_run_on_what_users_run() -> None:
    """What `make run` installs is in the lock of `make test` at the same version."""
    versions = {(one.name, one.version) for one in entries("run")}
    assert versions <= {(one.name, one.version) for one in entries("dev")}, RENEW


def test_no_lock_names_an_index() -> None:
    """Distributions come from whatever index pip is set up with; a hash says that they are the right ones."""
    for path in (ROOT / "requirements").glob("*.lock"):
        assert not re.findall(r"^-|://", path.read_text(), re.MULTILINE), path.name
