"""The image store: start images by the sha256 of their bytes, so that nothing outside can change a request."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadImage
from wan_desktop.media.files import disk_errors, make_folder, write_atomically
from wan_desktop.media.images import MAX_BYTES, inspect

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from wan_desktop.media.images import ImageInfo

log = logging.getLogger(__name__)

GRACE_DAYS = 30
"""So long a picture that nothing names stays, from when it was stored, or last found to be named, on."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ImageStore:
    """The Images of jobs.ports: one file a picture in `folder`, named by its sha256, never changed.

    Only the host makes one: what a crash left half-written is removed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, ImageInfo] = {}
        with contextlib.suppress(OSError):  # it takes room, and nothing reads it
            for part in folder.glob(".*.part"):
                part.unlink(missing_ok=True)

    def add(self, path: str) -> tuple[str, tuple[int, int]]:
        """Check and store the picture; (sha256, (width, height) after EXIF turn). Raises BadImage, DiskProblem."""
        inspect(path)
        data = _read(path)
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._folder / sha256
        with disk_errors(self._folder):
            make_folder(self._folder, 0o700)
            there = target.is_file() and target.stat().st_size == len(data)
            if there:
                with contextlib.suppress(OSError):
                    os.utime(target)  # it is wanted again
        if not there:
            write_atomically(target, data)
        return sha256, self.size(sha256)  # of the stored bytes: the file outside may have changed meanwhile

    def size(self, sha256: str) -> tuple[int, int]:
        """The stored picture's (width, height) after EXIF turn. Raises BadImage when there is none."""
        if sha256 not in self._known:
            self._known[sha256] = inspect(self.path(sha256))
        info = self._known[sha256]
        return info.width, info.height

    def path(self, sha256: str) -> Path:
        """The file that holds the picture. Raises BadImage when there is none."""
        target = self._folder / sha256
        if not _SHA256.fullmatch(sha256) or not target.is_file():
            raise BadImage(
                QT_TRANSLATE_NOOP("errors", "The start image is no longer stored: choose the picture again."),
                field="image",
            )
        return target

    def sweep(self, named: Callable[[], Container[str]], now: float) -> int:
        """Remove pictures that nothing has named for GRACE_DAYS, at `now` in seconds since 1970; how many bytes.

        `named()` tells what is named now; it is asked only when a picture is that old. What cannot be removed stays.
        Raises DiskProblem when the folder cannot be read.
        """
        with disk_errors(self._folder):
            found = self._folder.iterdir() if self._folder.is_dir() else ()
            files = [(file, file.stat()) for file in found if _SHA256.fullmatch(file.name)]
        oldest = now - GRACE_DAYS * 86_400
        if not any(about.st_mtime < oldest for _, about in files):
            return 0
        still, removed = named(), 0
        for file, about in files:
            try:
                if file.name in still:
                    os.utime(file, (now, now))
                elif about.st_mtime < oldest:
                    file.unlink(missing_ok=True)
                    self._known.pop(file.name, None)
                    removed += about.st_size
            except OSError as error:
                log.warning("the start image %s stays as it is: %s", file.name, error)
        return removed


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadImage(
            QT_TRANSLATE_NOOP(
                "errors", "The picture “{name}” cannot be read ({why}): allow reading it, or copy it."
            ),
            field="image",
            name=Path(path).name,
            why=error.strerror or str(error),
        ) from error
    return data
