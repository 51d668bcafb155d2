"""Folder and database brought together: clips come back from their own files, old ones leave the bin."""

from __future__ import annotations

import logging
import math
import re
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.ids import new_id
from wan_desktop.domain.job import Clip
from wan_desktop.library.listing import clip_id
from wan_desktop.media.clips import read_recipe, thumbnail

if TYPE_CHECKING:
    from wan_desktop.library.database import Database
    from wan_desktop.library.folder import LibraryFolder

_ID = re.compile(r"[a-z0-9]{4,32}")

log = logging.getLogger(__name__)


def adopt_clips(database: Database, folder: LibraryFolder) -> list[Clip]:
    """Add every clip file in the folder and its bin that has no row; the clips that were added.

    Blocks, a few milliseconds a file without a row; known files cost nothing. Raises DiskProblem.
    """
    known = database.run(
        lambda: {c.id: c.path for c in database.clips() + database.clips(deleted=True)}
    ).result()
    paths = set(known.values())
    added: list[Clip] = []
    for path in folder.files() + folder.binned_files():
        if str(path) in paths:
            continue
        clip = _read(path, folder, binned=path.parent != folder.folder)
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


def _read(path: Path, folder: LibraryFolder, *, binned: bool) -> Clip | None:
    recipe = read_recipe(path)
    if recipe is None:
        return None
    found = path.stat()
    ident = str(recipe.get("clip_id", ""))
    if not _ID.fullmatch(ident):
        ident = clip_id(path) or new_id()
    small = path.with_name(f"{ident}.jpg") if binned else folder.thumbnail_file(ident)
    if not small.is_file():
        try:
            small.parent.mkdir(exist_ok=True)
            thumbnail(path, small)
        except (WanError, OSError) as error:
            log.warning("no thumbnail for %s: %s", path, error)
    return Clip(
        id=ident,
        job_id=str(recipe.get("job_id", "")),
        path=str(path),
        thumbnail=str(small),
        created_at=_time(recipe.get("created_at"), found.st_mtime),
        size_bytes=found.st_size,
        recipe=recipe,
        deleted_at=_binned_at(path) if binned else None,
    )


def _time(value: Any, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else otherwise


def _binned_at(path: Path) -> float:
    """Noon of the day that the bin's folder is named after; now if it is named otherwise."""
    try:
        return time.mktime(time.strptime(path.parent.name, "%Y-%m-%d")) + 43_200
    except (ValueError, OverflowError):
        return time.time()
