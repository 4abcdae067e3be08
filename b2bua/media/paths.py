"""The folders of prompts, recordings and messages of a switch.

Rule: a call process reads prompts, writes recordings and messages, and never deletes one that is complete.
"""

from pathlib import Path

import attrs

from b2bua.media.keys import Key
from b2bua.media.prompts import FOLDER
from routing.ids import Number400, PromptName


@attrs.frozen
class MediaPaths:
    """`prompts` are searched in order; `recordings` and `messages` are None where nothing is to be recorded.

    Recordings and messages are sealed with the `key` in `key_file`, if there is one.
    """

    prompts: tuple[Path, ...] = ()
    recordings: Path | None = None
    messages: Path | None = None
    key_file: Path | None = None
    key: Key | None = None

    def options(self) -> list[str]:
        """The same as command line options of the fork server, which reads the key file itself."""
        folders = (("--recordings", self.recordings), ("--messages", self.messages), ("--key", self.key_file))
        words = [word for folder in self.prompts for word in ("--prompts", str(folder))]
        return words + [word for option, path in folders if path for word in (option, str(path))]

    def names(self, number: Number400) -> frozenset[PromptName] | None:
        """The prompts that a number's plan may name: its own, and those for all numbers.

        None if the first folder does not exist: then there is no switch here, and the prompts are not known.
        """
        if not (self.prompts and self.prompts[0].is_dir()):
            return None
        places = [place for folder in self.prompts for place in (folder, folder / number)]
        return frozenset(PromptName(file.stem) for place in places for file in place.glob("[!.]*.wav"))


def media_paths(state: Path, key_file: Path | None = None) -> MediaPaths:
    """The folders of a switch with this state directory; the built-in prompts come after the uploaded ones."""
    return MediaPaths((state / "prompts", FOLDER), state / "recordings", state / "messages", key_file)
