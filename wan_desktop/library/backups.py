"""Backups of the database beside it: one a day at most, one before each migration, the newest three kept."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from wan_desktop.media.files import replace_file, sync_file

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 3
_DAY = 86_400


def back_up(connection: sqlite3.Connection, path: Path) -> None:
    """Copy the whole database beside `path`, durably, and drop the oldest copies. Raises sqlite3.Error, OSError."""
    target = path.with_name(f"{path.stem}.{stamp()}.backup")
    part = target.with_name(target.name + ".part")
    copy = sqlite3.connect(part)
    try:
        connection.backup(copy)
    except BaseException:
        copy.close()
        part.unlink(missing_ok=True)
        raise
    copy.close()
    sync_file(part)
    replace_file(part, target)
    for old in backups(path)[KEPT:]:
        old.unlink()


def back_up_daily(connection: sqlite3.Connection, path: Path) -> None:
    """`back_up` unless there is a backup of the last 24 hours."""
    newest = next(iter(backups(path)), None)
    if newest is None or newest.stat().st_mtime < time.time() - _DAY:
        back_up(connection, path)


def backups(path: Path) -> list[Path]:
    """The backups of the database, newest first."""
    return sorted(path.parent.glob(f"{path.stem}.*.backup"), reverse=True)


def stamp() -> str:
    """The local time as it stands in names, sortable."""
    return time.strftime("%Y-%m-%d-%H%M%S")
