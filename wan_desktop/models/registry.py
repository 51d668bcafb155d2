"""The list of models that were found or added: a small file of paths. Models themselves stay where they are."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.media.files import disk_errors, make_folder, replace_file, write_atomically
from wan_desktop.models.shelf import Shelf, take, take_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "models.json"
FOLDER, PART, TOKENIZER = "folder", "part", "tokenizer"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something on the list: a diffusers `folder`, a `part` (its file or shards) or a `tokenizer`'s file.

    `hashes` are the sha256 of files, noted when the entry was added or first verified. `variant` is what the user
    said of it: "" nothing yet, "plain", "fastwan" or "turbo".
    """

    kind: str
    paths: tuple[str, ...]
    added_at: float = 0.0
    hashes: dict[str, str] = field(default_factory=dict)
    variant: str = ""


class Registry:
    """The list in `file`. Every call reads it again, so that all programs see one list; writes replace it whole."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def entries(self) -> list[Entry]:
        """The entries, oldest first; none when the file is missing or unreadable."""
        return self._read() or []

    def _read(self) -> list[Entry] | None:
        """The entries; None when there is a file that cannot be understood."""
        try:
            listed = json.loads(self._file.read_bytes())["entries"]
            return [
                Entry(**{k: tuple(v) if k == "paths" else v for k, v in entry.items()}) for entry in listed
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def add(self, entries: Iterable[Entry]) -> list[Entry]:
        """Add what is not on the list yet; what was new."""
        listed = self.entries()
        known = {_real(entry) for entry in listed}
        new = []
        for entry in entries:
            if _real(entry) not in known:
                known.add(_real(entry))
                new.append(replace(entry, added_at=time.time()))
        if new:
            self._write([*listed, *new])
        return new

    def change(self, entry: Entry) -> None:
        """Replace the entry with these paths."""
        self._write([entry if e.paths == entry.paths else e for e in self.entries()])

    def remove(self, path: Path) -> list[Entry]:
        """Take `path`, and everything below it, off the list; what was taken off. No model's file is touched."""
        listed = self.entries()
        gone = [e for e in listed if any(Path(p) == path or path in Path(p).parents for p in e.paths)]
        if gone:
            self._write([e for e in listed if e not in gone])
        return gone

    def shelf(self) -> Shelf:
        """What the listed files hold now."""
        shelf = Shelf()
        for entry in self.entries():
            paths = tuple(map(Path, entry.paths))
            if entry.kind == FOLDER:
                take_folder(shelf, paths[0], tell_foreign=True)
            elif entry.kind == TOKENIZER:
                shelf.tokenizers += [path for path in paths if path.is_file()]
            else:
                take(shelf, paths, tell_foreign=True)
        return shelf

    def variant(self, path: str) -> str:
        """What the user said of the model whose transformer, or folder, this is."""
        return next((e.variant for e in self.entries() if path in e.paths), "")

    def hashes(self) -> dict[str, str]:
        """The sha256 of every file for which one was noted."""
        return {path: sha256 for entry in self.entries() for path, sha256 in entry.hashes.items()}

    def _write(self, entries: list[Entry]) -> None:
        data: dict[str, Any] = {"version": 1, "entries": [asdict(entry) for entry in entries]}
        with disk_errors(self._file):
            make_folder(self._file.parent)
            if self._read() is None:  # somebody's list, or a newer version's: it may be mended
                replace_file(self._file, self._file.with_name(f"{self._file.name}.damaged"))
        write_atomically(self._file, json.dumps(data, ensure_ascii=False, indent=1).encode())


def _real(entry: Entry) -> tuple[str, ...]:
    """The entry's files, links followed: one file that two links lead to is listed once."""
    return tuple(os.path.realpath(path) for path in entry.paths)


def entries_of(shelf: Shelf) -> list[Entry]:
    """Entries for everything usable on the shelf; a diffusers folder's parts belong to its own entry."""
    inside = tuple(f"{folder}{sep}" for folder in shelf.folders for sep in ("/", "\\"))
    return [
        *(Entry(FOLDER, (str(folder),)) for folder in shelf.folders),
        *(Entry(PART, f.files) for f in shelf.found if not f.files[0].startswith(inside or ("\0",))),
        *(Entry(TOKENIZER, (str(t),)) for t in shelf.tokenizers if not str(t).startswith(inside or ("\0",))),
    ]
