"""Where sound is found and put: folders that the daemon names and keeps.

Rule: a call process reads prompts and writes what it records, and never deletes what is whole.
"""

from pathlib import Path

import attrs

from b2bua.media.keys import Key
from b2bua.media.prompts import FOLDER
from routing.ids import Number400, PromptName


@attrs.frozen
class MediaPaths:
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

    def names(self, number: Number400) -> frozenset[PromptName] | None:
        """What a number's plan may name: its own prompts, and those for all numbers.

        None if the first folder is not there: then this is no switch's place, and nothing can be said.
        """
        if not (self.prompts and self.prompts[0].is_dir()):
            return None
        places = [place for folder in self.prompts for place in (folder, folder / number)]
        return frozenset(PromptName(file.stem) for place in places for file in place.glob("[!.]*.wav"))


def media_paths(state: Path, key_file: Path | None = None) -> MediaPaths:
    """The folders of a switch with this state directory; the built-in prompts come after the uploaded ones."""
    return MediaPaths((state / "prompts", FOLDER), state / "recordings", state / "messages", key_file)
