"""The clip files that lie in a library folder and its bin."""

from __future__ import annotations

import os
from pathlib import Path

from wan_desktop.domain.ids import new_id
from wan_desktop.media.files import disk_errors, rename_new

BIN = ".bin"
"""The bin's folder; it holds one folder a day."""
_ID_LENGTH = len(new_id())


def clips_in(folder: Path) -> list[Path]:
    """The MP4 files in the folder, hidden ones left out. Raises DiskProblem."""
    with disk_errors(folder), os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if _is_clip(entry)]


def clips_in_bin(folder: Path) -> list[Path]:
    """The MP4 files in the bin of the library folder. Raises DiskProblem."""
    with disk_errors(folder):
        days = [day for day in (folder / BIN).glob("*") if day.is_dir()]
    return [path for day in days for path in clips_in(day)]


def clip_id(path: Path) -> str:
    """The id in a clip's file name `{date}_{slug}_{id}.mp4`; "" when it has none."""
    found = path.stem.rpartition("_")[2]
    return found if len(found) == _ID_LENGTH else ""


def move_into(source: Path, folder: Path) -> Path:
    """Move the file into `folder` of the same disk under its own name; the target also when there is no file.

    Raises OSError.
    """
    target = folder / source.name
    if source.is_file() and source != target:
        rename_new(source, target)
    return target


def _is_clip(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".mp4") and not entry.name.startswith(".") and entry.is_file()
