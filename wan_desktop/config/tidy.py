"""Keeps a folder of logs or of cached files within bounds: what was not used for longest goes first."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

MOST_LOGS, MOST_CACHE = 50_000_000, 2_000_000_000
"""Bytes that logs and cached files may take; each writer has a smaller bound of its own, this one holds for all."""


def bound(folder: Path, most_bytes: int) -> list[Path]:
    """Remove the files under `folder` that were changed longest ago until it holds `most_bytes`; those files.

    What cannot be removed stays, and is no error: a virus scanner may hold it.
    """
    found = [(path, path.lstat()) for path in _files(folder)]
    total, removed = sum(about.st_size for _, about in found), list[Path]()
    for path, about in sorted(found, key=lambda each: each[1].st_mtime):
        if total <= most_bytes:
            break
        try:
            path.unlink()
        except OSError as error:
            log.warning("%s stays: %s", path, error)
        else:
            total -= about.st_size
            removed.append(path)
    return removed


def _files(folder: Path) -> list[Path]:
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]
