"""Folder and database brought together: clips come back from their own files, old ones leave the bin."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.library.found import read_clip

if TYPE_CHECKING:
    from wan_desktop.domain.job import Clip
    from wan_desktop.library.database import Database
    from wan_desktop.library.folder import LibraryFolder

log = logging.getLogger(__name__)


def adopt_clips(database: Database, folder: LibraryFolder) -> list[Clip]:
    """Add every clip file in the folder and its bin that has no row; the clips that were added.

    Blocks, a few milliseconds a file without a row; known files cost nothing. Raises DiskProblem.
    """
    known = database.run(database.clip_files).result()
    paths = set(known.values())
    added: list[Clip] = []
    for path in folder.files() + folder.binned_files():
        if str(path) in paths:
            continue
        clip = _clip(path, folder)
        if clip is None or _is_there(known.get(clip.id)):
            continue
        database.run(partial(database.put_clip, clip)).result()
        known[clip.id] = clip.path
        added.append(clip)
    return added


def empty_bin(database: Database, folder: LibraryFolder, now: float) -> list[str]:
    """Delete for good, files and rows, what has been in the bin for over 30 days; the ids of those clips."""
    gone = folder.sweep_bin(now)

    def forget() -> None:
        for ident in gone:
            database.remove_clip(ident)

    database.run(forget).result()
    return gone


def _is_there(path: str | None) -> bool:
    return path is not None and Path(path).is_file()


def _clip(path: Path, folder: LibraryFolder) -> Clip | None:
    try:
        if path.parent == folder.folder:
            return read_clip(path, folder.thumbnail_file)
        return read_clip(path, lambda ident: path.with_name(f"{ident}.jpg"), deleted_at=_binned_at(path))
    except OSError as error:  # somebody has just removed it, or its disk cannot read it: the others count
        log.warning("%s cannot be taken in: %s", path, error)
        return None


def _binned_at(path: Path) -> float:
    """Noon of the day that the bin's folder is named after; now if it is named otherwise."""
    try:
        return time.mktime(time.strptime(path.parent.name, "%Y-%m-%d")) + 43_200
    except (ValueError, OverflowError):
        return time.time()
