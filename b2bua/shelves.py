"""Where sound is found and put: folders that the daemon names and keeps.

Rule: a call process reads prompts and writes what it records, and never deletes what is whole.
"""

from pathlib import Path

import attrs

from b2bua.kept.keys import Key
from b2bua.sound import FOLDER


@attrs.frozen
class Shelves:
    """`prompts` are looked through in order; `recordings` and `messages` are None where nothing is to be kept.

    What is kept is sealed with the `key` in `key_file`, if there is one.
    """

    prompts: tuple[Path, ...] = ()
    recordings: Path | None = None
    messages: Path | None = None
    key_file: Path | None = None
    key: Key | None = None

    def options(self) -> list[str]:
        """The same as options of the fork server, which reads the key for itself."""
        kept = (("--recordings", self.recordings), ("--messages", self.messages), ("--key", self.key_file))
        words = [word for folder in self.prompts for word in ("--prompts", str(folder))]
        return words + [word for option, path in kept if path for word in (option, str(path))]


def shelves_in(state: Path, key_file: Path | None = None) -> Shelves:
    """The folders of a switch with this state directory; the built-in prompts come after the uploaded ones."""
    return Shelves((state / "prompts", FOLDER), state / "recordings", state / "messages", key_file)
