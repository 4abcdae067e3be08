"""A file of what the edge remembers of the calls that are up, for the next daemon (docs/adr/0007).

Rule: the file survives the daemon (`kill -9`), not the machine's power: nothing is synced, so that an entry costs one
`write` of about 500 bytes and never waits for a disk. A file that cannot be written or read costs the entries, never a
call: the fault is logged once, and every `tend` tries to write the whole file anew.

The file is a row of frames (`b2bua.base.framing`), each a msgpack list `[kind, incarnation, port, id, field …]`. The
latest frame of a key (kind, process, id) counts; one without fields takes the key away.
"""

import logging
import os
from pathlib import Path
from typing import Any, Final

import attrs

from b2bua.base.atomic_file import give_to_folder_owner
from b2bua.base.framing import FrameCutter, make_frame
from b2bua.base.serialization import pack, unpack
from b2bua.edge.token import ProcessAddress

LEAST_REWRITE_BYTES: Final = 1024 * 1024
"""The file is written anew when it has grown to this and to twice what is still needed of it."""

_log = logging.getLogger(__name__)


@attrs.frozen
class Key:
    """What an entry is about: `kind` says what its fields are, `id` tells entries of a kind in a process apart."""

    kind: str
    process: ProcessAddress
    id: str = ""


@attrs.frozen
class Entry:
    """Something that the edge remembers of a process. `fields` are Latin-1 text, as in `b2bua.edge.message`."""

    key: Key
    fields: tuple[str, ...]


class DialogJournal:
    """The entries in `file`; without a file nothing is kept. `open` must come before `put`."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._frames: dict[Key, bytes] = {}
        self._needed_bytes = 0
        self._file_bytes = 0
        self._descriptor: int | None = None
        self._is_broken = False

    def open(self) -> list[Entry]:
        """What the daemon before remembered, oldest first; the file then holds just that."""
        entries = list(self._read().values())
        for entry in entries:
            self._keep(entry.key, _frame(entry))
        self._rewrite()
        return entries

    def put(self, entry: Entry) -> None:
        """Remember this; an earlier entry of the same key is replaced."""
        if self._file is not None:
            frame = _frame(entry)
            self._keep(entry.key, frame)
            self._append(frame)

    def drop(self, key: Key) -> None:
        """Forget the entry of this key, if there is one."""
        if (frame := self._frames.pop(key, None)) is not None:
            self._needed_bytes -= len(frame)
            self._append(_frame(Entry(key, ())))

    def tend(self) -> None:
        """Write the file anew if it has grown too long or could not be written. To be called about once a second."""
        if self._file is not None and (
            self._is_broken or self._file_bytes > max(LEAST_REWRITE_BYTES, 2 * self._needed_bytes)
        ):
            self._rewrite()

    def close(self) -> None:
        """Write no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _keep(self, key: Key, frame: bytes) -> None:
        self._needed_bytes += len(frame) - len(self._frames.pop(key, b""))
        self._frames[key] = frame

    def _append(self, frame: bytes) -> None:
        if self._descriptor is None:
            return
        try:
            written = os.write(self._descriptor, frame)
        except OSError as fault:
            self._broke(fault)
            return
        self._file_bytes += written
        if written < len(frame):  # the disk is full: what follows could not be told from the rest of this frame
            self._broke(OSError("a frame was written in part"))

    def _rewrite(self) -> None:
        if self._file is None:
            return
        self.close()
        content = b"".join(self._frames.values())
        fresh = self._file.with_suffix(".new")
        try:
            descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND, 0o600)
            self._descriptor = descriptor
            give_to_folder_owner(fresh)
            if os.write(descriptor, content) < len(content):
                raise OSError("the file was written in part")
            fresh.replace(self._file)
        except OSError as fault:
            self._broke(fault)
            return
        self._file_bytes = len(content)
        self._is_broken = False

    def _broke(self, fault: OSError) -> None:
        if not self._is_broken:
            _log.error("%s: dialogs are not kept for the next daemon (%s)", self._file, fault)
        self._is_broken = True
        self.close()

    def _read(self) -> dict[Key, Entry]:
        entries: dict[Key, Entry] = {}
        if self._file is None:
            return entries
        try:
            for body in FrameCutter().feed(self._file.read_bytes()):
                entry = _entry(unpack(body))
                entries.pop(entry.key, None)
                if entry.fields:
                    entries[entry.key] = entry
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as fault:
            _log.error("%s: only a part can be read (%s)", self._file, fault)
        return entries


def _frame(entry: Entry) -> bytes:
    key = entry.key
    return make_frame(pack([key.kind, key.process.incarnation, key.process.sip_port, key.id, *entry.fields]))


def _entry(plain: Any) -> Entry:  # Any: bytes of a file, checked here
    """Raises ValueError."""
    match plain:
        case [str(kind), str(process), int(port), str(name), *fields] if all(isinstance(each, str) for each in fields):
            return Entry(Key(kind, ProcessAddress(port, process), name), tuple(fields))
    raise ValueError("not an entry")
