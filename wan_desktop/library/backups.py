"""Backups of the database beside it: one a day at most, one before each migration, the newest three kept."""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import TYPE_CHECKING

from wan_desktop.media.files import replace_file, sync_file

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

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
    others = [backup for backup in backups(path) if backup != target]
    for old in others[KEPT - 1 :]:  # never the new one, though a clock that was set may have named it older
        old.unlink()


def back_up_daily(connection: sqlite3.Connection, path: Path) -> None:
    """`back_up` unless there is a backup of the last 24 hours. One of the future is none of them."""
    now = time.time()
    if not any(0 <= now - backup.stat().st_mtime < _DAY for backup in backups(path)):
        back_up(connection, path)


def try_back_up_daily(connection: sqlite3.Connection, path: Path) -> None:
    """`back_up_daily`; where that cannot be is told in the log: a full disk must not lock anyone out."""
    try:
        back_up_daily(connection, path)
    except (sqlite3.Error, OSError) as error:
        log.warning("no backup of the database: %s", error)


def sweep_halves(path: Path) -> None:
    """Remove what a backup or a repair that was broken off has left beside the database. Raises OSError."""
    for pattern in (f"{path.stem}.*.backup.part*", f"{path.stem}.mending*"):
        for half in path.parent.glob(pattern):
            half.unlink()


def backups(path: Path) -> list[Path]:
    """The backups of the database, newest first."""
    return sorted(path.parent.glob(f"{path.stem}.*.backup"), reverse=True)


def stamp() -> str:
    """The local time as it stands in names, sortable."""
    return time.strftime("%Y-%m-%d-%H%M%S")
