"""Is a folder there, can it be written to, and is there room for what a render will make?"""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, DiskProblem
from wan_desktop.library.kept import kept_bytes
from wan_desktop.media.files import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

    from wan_desktop.domain.request import RenderRequest

MARGIN_BYTES = 200_000_000
"""Room that a clip must leave on the disk."""
_BYTES_PER_PIXEL = 0.4
"""Twice what H.264 at CRF 18 needs for hard material (0.1-0.2): while publishing, the clip is there twice."""


def make_folder(folder: Path, *, create: bool) -> None:
    """Make sure the library folder is there, making it with `create`. Raises DiskProblem."""
    if any(0xD800 <= ord(c) <= 0xDFFF for c in str(folder)):  # bytes that no database text can hold
        raise DiskProblem(
            QT_TRANSLATE_NOOP(
                "errors", "The name of the library folder is no valid text: rename it: {folder}."
            ),
            action=QT_TRANSLATE_NOOP("errors", "Choose another folder"),
            folder=ascii(str(folder)),
        )
    if create:
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
    check_there(folder)


def check_there(folder: Path) -> None:
    """Raise DiskProblem unless the library folder is there."""
    with disk_errors(folder):  # a disk that was pulled out may answer with an error
        there = folder.is_dir()
    if not there:
        raise DiskProblem(
            QT_TRANSLATE_NOOP(
                "errors",
                "The library folder {folder} is not there: connect its disk, or choose another one in Settings.",
            ),
            action=QT_TRANSLATE_NOOP("errors", "Choose another folder"),
            folder=folder,
        )


def check_space(library: Path, kept: Path, request: RenderRequest) -> None:
    """Raise DiskProblem unless `library` takes the request's clip and `kept` its snapshots and latents.

    Both folders on one disk share its room. `kept` is made when it is not there yet.
    """
    check_there(library)
    with disk_errors(kept):
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    clip, state = clip_bytes(request) + MARGIN_BYTES, kept_bytes(request)
    with disk_errors(library):
        one_disk = library.stat().st_dev == kept.stat().st_dev
    if one_disk:
        _check_folder(library, clip + state)
    else:
        _check_folder(library, clip)
        _check_folder(kept, state)


def clip_bytes(request: RenderRequest) -> int:
    """An upper estimate of the room that the request's clip needs while it is made."""
    return int(request.width * request.height * request.num_frames * _BYTES_PER_PIXEL)


def _check_folder(folder: Path, needed: int) -> None:
    with disk_errors(folder):
        with tempfile.TemporaryFile(dir=folder, prefix=".", suffix=".part"):
            pass
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskProblem(
            QT_TRANSLATE_NOOP(
                "errors",
                "Not enough disk space in {folder}: {needed} MB needed, {free} MB free. Free some space, or choose "
                "another folder.",
            ),
            action=QT_TRANSLATE_NOOP("errors", "Free disk space"),
            folder=folder,
            needed=-(-needed // 1_000_000),
            free=free // 1_000_000,
        )
